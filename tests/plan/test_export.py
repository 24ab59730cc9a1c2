"""Everything a plan holds is in its document, exactly, whatever its texts look like."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseplan.cli.main import main
from phaseplan.documents.export.document import document as document_of
from phaseplan.documents.export.document import markdown
from phaseplan.documents.export.settings import plain
from phaseplan.documents.export.settings import settings as rest_of
from phaseplan.documents.export.text import as_yaml, lasting, speakable, words
from phaseplan.documents.importing.document import import_text
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.spans import Span, seconds, written
from phaseplan.plan.yaml.load import parse
from phaseplan.text.markdown import code, table
from tests.plan.reader import Reader, codes, text

TOP = Path(__file__).resolve().parents[2]
PLANS = [*sorted((TOP / "include" / "plans").glob("*.yaml")), TOP / "samples" / "recipes" / "plan.yaml"]
PIECES = [*"|`*_#<>[]()\\&~!:-+=\"'\n\t é", "```", "---", "**", "__", "a", "b c", "1.", "&amp;", "[x](y)", "<b>", "off",
          "1e3", "null", "`a`", "http://x.y", "5.1", "TODO", "~~~"]  # fmt: skip
HOSTILE = st.lists(st.sampled_from(PIECES), min_size=1, max_size=7).map("".join)
SPAN = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)).map(lambda p: Span(low=min(p), high=max(p)))


def read(document: str, phase: int) -> dict[str, Any]:
    """Read the plan that a document states, without the graph and the sums."""
    doc = Reader(document)
    out = doc.plan()
    extra = {entry["wave"]: entry for entry in out.pop("waves", [])}
    said = dict(line.split(": ", 1) for where, line in doc.lines if where == "Executive Summary")
    out.setdefault("title", said["Phase"])
    out["phase"], out["max_parallel_agents"] = phase, int(said["Max Parallel Agents"])
    for key, field in (("Depends On", "depends_on"), ("Blocks", "blocks"), ("Independent From", "independent_from")):
        line = next(item for where, item in doc.items if item.startswith(f"{key}: "))
        out[field] = [int(p.removeprefix("Phase ")) for p in line.split(": ")[1].split(", ") if p != "None"]
    out.setdefault("notes", [item for where, item in doc.items if where == "Notes"])
    numbers = [text(row["Wave"]) for row in doc.rows("Wave Summary Table")]
    out["waves"] = [_wave(doc, number, extra.get(int(number), {})) for number in numbers]
    return out


def _wave(doc: Reader, number: str, extra: dict[str, Any]) -> dict[str, Any]:
    heading = next(h for h in doc.headings if h == f"Wave {number}" or h.startswith(f"Wave {number}: "))
    section = f"Detailed Wave Plans / {heading}"
    said = dict(line.split(": ", 1) for where, line in doc.lines if where == section)
    more = {entry["id"]: entry for entry in extra.get("branches", [])}
    owned = {text(row["ID"]): codes(row["Owned Paths"]) for row in doc.rows(f"{section} / File Ownership")}
    out = {"wave": int(number), "title": heading.partition(": ")[2]}
    out |= {"duration": short(said["Duration"])} if "Duration" in said else {}
    out |= {"conflict_risk": said["Conflict Risk"].lower()} if "Conflict Risk" in said else {}
    where = f"Post-Wave Validation / Wave {number} Validation"
    out["validate"] = [line for at, _, block in doc.blocks if at == where for line in block.splitlines()]
    out["notes"] = [item for at, item in doc.items if at == f"{section} / Notes"]
    branches = [_branch(row, owned) for row in doc.rows(f"{section} / Agent Assignments")]
    return out | extra | {"branches": [branch | more.get(branch["id"], {}) for branch in branches]}


def _branch(row: dict[str, Any], owned: dict[str, list[str]]) -> dict[str, Any]:
    name = text(row["ID"])
    needs = [] if text(row["Dependencies"]) == "None" else text(row["Dependencies"]).split(", ")
    out = {"id": name, "branch": codes(row["Branch"])[0], "title": text(row["Focus Area"]), "depends_on": needs}
    out |= {"agent_label": text(row["Agent"]), "lines": int(text(row["Lines"])), "owns": owned[name]}
    long = text(row["Duration"]) if "Duration" in row else "-"
    return out | ({} if long == "-" else {"duration": short(long)})


def short(words: str) -> str:
    """`4-6 hours` as a plan writes it."""
    numbers, unit = words.split()
    return "-".join(number + unit[0] for number in numbers.split("-"))


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_a_plan_comes_back_unchanged_from_its_document(path: Path) -> None:
    plan = load_valid([path], None).plans[0].plan
    assert PhasePlan.model_validate(read(markdown(plan), plan.phase)) == plan


def whole(draw: st.DrawFn) -> dict[str, Any]:
    """Make a plan with every key, and texts that look like Markdown or YAML."""
    few = st.lists(HOSTILE, max_size=2)
    command = HOSTILE.filter(str.strip)  # an empty one is an error
    commands = st.lists(command, max_size=2)
    branch = {"id": "7.1.1", "branch": "feature/one", "owns": draw(st.lists(HOSTILE, min_size=1, max_size=3))}
    branch |= {
        "title": draw(HOSTILE),
        "agent_label": draw(HOSTILE),
        "brief": draw(HOSTILE),
        "lines": draw(st.integers(0, 99)),
    }
    other = {
        "id": "a_b",
        "branch": "feature/a_b",
        "title": "B",
        "owns": ["b|c/"],
        "depends_on": ["7.1.1"],
        "agent": "x",
    }
    shared = {"path": draw(HOSTILE), "owner": "7.1.1", "branches": ["a_b"], "merge": "union", "check": draw(command)}
    gates = {
        "max_lines": 9,
        "ownership": "off",
        "scratch_files": draw(few),
        "commands": draw(commands),
        "timeout": "90s",
    }
    gates |= {"required": [{"files": draw(HOSTILE), "pattern": draw(HOSTILE), "why": draw(HOSTILE)}], "profile": "p"}
    claims = {"reduction": draw(HOSTILE), "duration": "90m-2h", "critical_path": ["7.1.1", "z"]}
    claims |= {"risks": {draw(HOSTILE): "high"}, "mitigations": {draw(HOSTILE): draw(HOSTILE)}, "parallel": "0s"}
    return {
        "phase": 7, "title": draw(HOSTILE), "depends_on": [5], "blocks": [8, 9], "independent_from": [1],
        "repository": draw(HOSTILE), "base": "trunk", "schedule": draw(HOSTILE), "start": "dependencies",
        "max_parallel_agents": 3, "attempts": 1, "agent": "x", "history": "full", "gates": gates, "claims": claims,
        "shared_files": [shared], "generated_files": [{"paths": draw(few) or ["x"], "command": draw(HOSTILE)}],
        "conventions": draw(HOSTILE), "notify": {"blocked": draw(few)}, "notes": draw(few),
        "waves": [
            {"wave": 2, "title": draw(HOSTILE), "branches": [branch], "validate": draw(commands), "notes": draw(few)},
            {"wave": 10, "branches": [{**other, "duration": draw(SPAN)}], "conflict_risk": "low", "duration": "45m"},
        ],
    }  # fmt: skip


@settings(max_examples=50, deadline=None)
@given(st.composite(whole)())
def test_any_text_in_a_plan_comes_back_unchanged(data: dict[str, Any]) -> None:
    plan = PhasePlan.model_validate(data)
    assert PhasePlan.model_validate(read(document_of(plan, rest_of(plan)), 7)) == plan


@settings(max_examples=50, deadline=None)
@given(st.composite(whole)())
def test_any_text_survives_export_and_import(data: dict[str, Any]) -> None:
    plan = PhasePlan.model_validate(data)
    made = import_text("plan.md", markdown(plan)).text
    assert made is not None
    assert PhasePlan.model_validate(parse("plan.yaml", made).data) == plan


@settings(max_examples=300)
@given(HOSTILE.filter(speakable))
def test_headings_items_and_cells_show_any_text(said: str) -> None:
    doc = Reader(f"# A: {words(said)}\n\n- {words(said)}\n- b\n\n{table(['a', 'b'], [[words(said), code(said)]])}")
    cells = next(doc.rows(""))
    assert (doc.headings, [item for _, item in doc.items]) == ([f"A: {said}"], [said, "b"])
    assert (text(cells["a"]), codes(cells["b"])) == (said, [said])


@given(SPAN)
def test_durations_are_exact(span: Span) -> None:
    low, _, high = short(lasting(span)).partition("-")
    assert (seconds(low), seconds(high or low)) == (span.low, span.high)
    assert seconds(written(span.low)) == span.low


@given(st.recursive(HOSTILE, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(HOSTILE, inner, max_size=3)))
def test_yaml_reads_back(value: Any) -> None:
    assert parse("x", as_yaml({"k": value})).data == {"k": value}


def test_defaults_are_left_out() -> None:
    plan = load_valid([TOP / "tests" / "plans" / "good" / "smallest.yaml"], None).plans[0].plan
    assert set(plain(plan)) == {"phase", "title", "agent", "waves"}


def test_the_verb_writes_its_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, document = PLANS[0], tmp_path / "phase.md"
    assert main(["export", str(plan)]) == 0
    assert main(["export", str(plan), "-o", str(document)]) == 0
    assert capsys.readouterr().out == document.read_text() + f"Wrote {document}.\n"


def test_a_plan_is_not_overwritten_and_a_bad_one_not_exported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(PLANS[0].read_text())
    assert main(["export", str(plan), "-o", str(plan)]) == 1
    assert plan.read_text() == PLANS[0].read_text()
    plan.write_text("phase: 9\n")
    assert main(["export", str(plan)]) == 1
    output = capsys.readouterr()
    assert "itself, which this was made from" in output.err and "PP202" in output.err and output.out == ""
