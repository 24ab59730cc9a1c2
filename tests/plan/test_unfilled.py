"""A plan whose names, titles, paths or phase are still missing can be reckoned with; lint asks for them in groups."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phaseplan.cli.main import main
from phaseplan.plan.campaign import load_campaign, load_reckonable, load_valid

MANY = 56


def plan(**changes: object) -> str:
    branches = [{"id": f"A-{n}", "title": f"Part {n}"} for n in range(1, MANY + 1)]
    branches[1]["depends_on"] = ["A-1"]  # type: ignore[assignment]
    data = {"title": "Many", "waves": [{"wave": 1, "branches": branches}], **changes}
    return yaml.safe_dump(data, sort_keys=False)


@pytest.fixture
def unfilled(tmp_path: Path) -> Path:
    file = tmp_path / "plan.yaml"
    file.write_text(plan())
    return file


@pytest.mark.parametrize("verb", ["simulate", "graph", "improve", "export"])
def test_ids_and_needs_are_enough(verb: str, unfilled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, str(unfilled)]) == 0
    output = capsys.readouterr().out
    assert "unnamed" not in output and "999999" not in output
    assert ("A-1" in output) == (verb in ("graph", "export", "simulate"))


def test_findings_are_grouped_by_what_is_missing(unfilled: Path) -> None:
    found = [d for d in load_campaign([unfilled], None).diagnostics if d.is_error]
    assert [(d.code, d.message) for d in found] == [
        ("PP206", "`phase` is missing"),
        ("PP602", f"nothing says which agent builds these {MANY} branches"),
        ("PP206", f"{MANY} x branch: no git name"),
        ("PP206", f"{MANY} x branch: no owned paths"),
    ]
    assert any("--names" in (d.hint or "") for d in found) and not load_valid([unfilled], None).plans


def test_todos_of_one_kind_are_one_finding(unfilled: Path) -> None:
    todos = "".join(f"# TODO branch: nothing names the git branch of A-{n}\n" for n in range(1, 6))
    unfilled.write_text(f"{todos}# TODO agent: none\n{plan(phase=1)}")
    found = [d for d in load_campaign([unfilled], None).diagnostics if d.code == "PP205"]
    assert [d.line for d in found] == [1, 6] and "5 x branch" in found[0].message


def test_what_is_missing_stays_missing_and_is_no_name(unfilled: Path) -> None:
    (loaded,) = load_reckonable([unfilled]).plans
    assert {(branch.branch, branch.slug, branch.owns) for branch in loaded.plan} == {("", "", ())}


@pytest.mark.parametrize("change", [{"depends_on": ["A-9"]}, {"id": None}])
def test_ids_and_needs_must_be_sound(change: dict[str, object], tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    branch = {"id": "A-1", "title": "One", **change}
    file.write_text(yaml.safe_dump({"phase": 1, "title": "X", "waves": [{"wave": 1, "branches": [branch]}]}))
    assert main(["simulate", str(file)]) == 1
