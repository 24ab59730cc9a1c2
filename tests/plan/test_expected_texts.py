"""Every example that `explain` shows, and every faulty plan under tests/plans/bad, against the exact text."""

from __future__ import annotations

from pathlib import Path

import pytest

from phaseplan.documents import explain
from phaseplan.plan.campaign import Campaign, load_valid
from phaseplan.plan.lint import examples, render
from phaseplan.plan.lint.codes import CODES

PLANS = Path(__file__).resolve().parents[1] / "plans"
CASES = sorted(path.name for path in (PLANS / "bad").iterdir() if path.suffix != ".txt")
BESIDE = {"PP904": {"PP901"}}  # a circle that only all sources together have needs sources that disagree
NO_FILES = {"PP101", "PP103"}  # what cannot be read or is too large to keep


def files(case: str) -> list[Path]:
    """Return one file, or all files of one folder, relative to their folder."""
    path = Path(case)
    return sorted(path.glob("*.yaml")) if path.is_dir() else [path]


def lint(case: str) -> Campaign:
    """Lint one file, or all files of one folder together."""
    return examples.lint(files(case))


def expected(case: str) -> str:
    """Return the expected text beside a case."""
    path = PLANS / "bad" / case
    return (path / "expected.txt" if path.is_dir() else path.with_suffix(".txt")).read_text()


@pytest.mark.parametrize("code", CODES)
def test_every_example_prints_its_expected_text(code: str) -> None:
    with examples.example(code) as plans:
        found = explain.diagnostics_of(plans)
        assert {d.code for d in found} - BESIDE.get(code, set()) == {code}
        assert len({(d.file, d.code) for d in found}) == len(found), "one finding is enough to explain"
        assert render.text(found).replace(f"{plans[0].parent}/", "") == (PLANS / "examples" / f"{code}.txt").read_text()
        valid = load_valid([p for p in plans if p.suffix != ".md"], examples.AGENTS, examples.NOTIFIERS)
        assert list(valid.diagnostics) == [d for d in found if d.is_error and not d.file.endswith(".md")]


def test_every_example_is_of_a_code() -> None:
    names = {path.stem for path in examples.FOLDER.iterdir() if path.name.startswith("PP")}
    assert names == CODES.keys() - NO_FILES
    assert {path.stem for path in (PLANS / "examples").iterdir()} == CODES.keys()


@pytest.mark.parametrize("case", CASES)
def test_every_bad_plan_prints_its_expected_text(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
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
def test_the_file_name_of_a_bad_plan_names_its_code(case: str) -> None:
    assert f": {case[:5]} " in expected(case)


@pytest.mark.parametrize("case", CASES)
def test_factory_sees_the_same_errors(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PLANS / "bad")
    valid = load_valid(files(case), examples.AGENTS, examples.NOTIFIERS)
    assert list(valid.diagnostics) == [d for d in lint(case).diagnostics if d.is_error]
    assert not {str(p.path) for p in valid.plans} & {d.file for d in valid.diagnostics}


@pytest.mark.parametrize("path", sorted((PLANS / "good").glob("*.yaml")), ids=lambda path: path.stem)
def test_good_plans_have_no_diagnostic(path: Path) -> None:
    campaign = examples.lint([path, *(p for p in (PLANS / "good").glob("*.yaml") if p != path)])
    assert campaign.diagnostics == ()
    assert len(campaign.plans) == len(list((PLANS / "good").glob("*.yaml")))
