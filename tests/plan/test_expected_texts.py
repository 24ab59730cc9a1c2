"""Every faulty plan under tests/plans/bad against the exact text beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from include.phaseplan.plan import render
from include.phaseplan.plan.campaign import Campaign, load_campaign, load_valid
from include.phaseplan.plan.codes import CODES

PLANS = Path(__file__).resolve().parents[1] / "plans"
CASES = sorted(path.name for path in (PLANS / "bad").iterdir() if path.suffix != ".txt")
NOT_FILES = {"PP101", "PP103"}  # unreadable and huge files cannot be committed; see test_loader


def lint(case: str) -> Campaign:
    """Lint one file, or all files of one folder together."""
    path = Path(case)
    return load_campaign(
        sorted(path.glob("*.yaml")) if path.is_dir() else [path], Path("../agents.yaml"), Path("../notifiers.yaml")
    )


def expected(case: str) -> str:
    """The text beside a case."""
    path = PLANS / "bad" / case
    return (path / "expected.txt" if path.is_dir() else path.with_suffix(".txt")).read_text()


@pytest.mark.parametrize("case", CASES)
def test_text(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PLANS / "bad")
    assert render.text(lint(case).diagnostics) == expected(case)


def test_a_narrow_reader_gets_the_part_around_the_caret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PLANS / "bad")
    shown = render.text(lint("PP402-cycle.yaml").diagnostics, width=40).splitlines()
    caret = next(i for i, line in enumerate(shown) if "^" in line)
    marked = slice(shown[caret].index("^"), shown[caret].rindex("^") + 1)
    assert shown[caret - 1][marked] == '"9.1.3"'
    assert max(len(shown[caret - 1]), len(shown[caret])) <= 44


@pytest.mark.parametrize("case", [case for case in CASES if case.startswith("PP")])
def test_name_says_code(case: str) -> None:
    assert f": {case[:5]} " in expected(case)


def test_every_code_has_a_case() -> None:
    assert set(CODES) - {case[:5] for case in CASES} == NOT_FILES


@pytest.mark.parametrize("case", CASES)
def test_factory_sees_the_same_errors(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PLANS / "bad")
    path = Path(case)
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    valid = load_valid(files, Path("../agents.yaml"), Path("../notifiers.yaml"))
    assert list(valid.diagnostics) == [d for d in lint(case).diagnostics if d.is_error]
    assert not {str(p.path) for p in valid.plans} & {d.file for d in valid.diagnostics}


@pytest.mark.parametrize("path", sorted((PLANS / "good").glob("*.yaml")), ids=lambda path: path.stem)
def test_good(path: Path) -> None:
    files = [path, *(p for p in (PLANS / "good").glob("*.yaml") if p != path)]
    campaign = load_campaign(files, PLANS / "agents.yaml", PLANS / "notifiers.yaml")
    assert campaign.diagnostics == ()
    assert len(campaign.plans) == len(list((PLANS / "good").glob("*.yaml")))
