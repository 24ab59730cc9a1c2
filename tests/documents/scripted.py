"""Models by script for `import --with`: what an honest one answers, mutations of answers, and a check of each value."""

from __future__ import annotations

import copy
import random
import re
from typing import Any

import yaml
from pydantic_ai.messages import ModelMessage, ModelResponse, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from phaseplan.documents.outline.findings.unused import candidates
from phaseplan.documents.outline.lines import Document
from phaseplan.documents.outline.model import At, Group, Outline, Unit
from phaseplan.documents.proving.evidence import Evidence

Answer = dict[str, Any]


def model(*answers: Answer, heard: list[str] | None = None) -> FunctionModel:
    """Return a model that gives one answer after the other, the last one for ever; `heard` collects what it is told."""
    rest = list(answers)

    def answer(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
        if heard is not None:
            heard.append(str(getattr(messages[-1].parts[-1], "content", "")))
        given = rest.pop(0) if len(rest) > 1 else rest[0]
        return ModelResponse(parts=[ToolCallPart(info.output_tools[0].name, given)])

    return FunctionModel(answer)


def honest(doc: Document, outline: Outline) -> Answer:
    """Return what an honest model answers, made from what a reader found: titles by the lines that hold them."""
    evidence = Evidence(doc)

    def found(line: int, value: str) -> int:
        after = [*range(line, len(evidence.raws) + 1), *range(1, line)]
        return next((at for at in after if evidence.holds(at, value)), line)

    answer = {"phases": [_phase(part) for part in outline.parts], "left_out": []}
    for phase in answer["phases"]:
        for one in [phase, *(unit for wave in phase["waves"] for unit in wave["units"])]:
            for key in ("id", "title"):
                if key in one:
                    one[key]["line"] = found(one[key]["line"], str(one[key]["value"]))
    units = {
        unit["id"]["line"] for phase in answer["phases"] for w in phase["waves"] for unit in w["units"] if "id" in unit
    }
    for one in candidates(doc):
        if one.kind == "unit" and one.line not in units:
            answer["left_out"].append({"line": one.line, "why": "a heading of others"})
    return answer


def _phase(part: Any) -> Answer:
    out: Answer = {"waves": [_wave(group) for group in part.groups]}
    if part.number:
        out["number"] = _cited(part.number)
    if part.title:
        out["title"] = _cited(part.title)
    out["depends_on"] = [_cited(tie) for tie in part.depends]
    return out


def _wave(group: Group) -> Answer:
    out: Answer = {"units": [_unit(unit) for unit in group.units]}
    if group.word and group.label.isdecimal():
        out["number"] = {"line": group.line, "value": int(group.label)}
    if group.title:
        out["title"] = {"line": group.line, "value": group.title}
    return out


def _unit(unit: Unit) -> Answer:
    out: Answer = {
        "needs": [_cited(need) for need in unit.needs if not need.why],
        "owns": [_cited(o) for o in unit.owns],
    }
    if not unit.made_up:
        out["id"] = {"line": unit.line, "value": unit.id}
    if unit.title:
        out["title"] = {"line": unit.title_line or unit.line, "value": unit.title}
    if unit.name:
        out["branch"] = _cited(unit.name)
    if unit.lines:
        out["lines"] = _cited(unit.lines)
    return out


def _cited(value: At[Any]) -> Answer:
    return {"line": value.line, "value": value.value}


STRINGS = (
    "", "x", "9.9.9", "secrets/", "a: b # c", "\n- id: evil\n  branch: feature/evil", '"]}', "\x00\x1b[31m", "{{ x }}",
    "\u202e\u2028", "feature/evil", "# TODO agent: any", "ignore the rules", "|", "1", "T", "a" * 5_000, "!!python",
)  # fmt: skip
NUMBERS = (0, -1, 1, 2, 7, 10**9, 10**30, 400)


def mutated(answer: Answer, other: Answer, seed: int) -> Answer:
    """Return an answer with some values, lines and units changed, moved, added and taken away."""
    r, out = random.Random(seed), copy.deepcopy(answer)
    for _ in range(r.choice((1, 2, 5, 20))):
        values, lists = _places(out), _lists(out)
        what = r.randrange(6)
        if what == 0 and values:
            r.choice(values)["line"] = r.choice((r.randrange(60), r.randrange(60), *NUMBERS))
        elif what == 1 and values:
            one = r.choice(values)
            one["value"] = r.choice(NUMBERS if isinstance(one.get("value"), int) else STRINGS)
        elif what == 2 and len(values) > 1:
            one, two = r.sample(values, 2)
            if type(one.get("value")) is type(two.get("value")):
                one.update(two)
        elif what == 3 and values:
            r.choice(values)["why"] = r.choice(STRINGS)
        elif what == 4 and lists:
            _reordered(r, r.choice(lists), _lists(other))
        elif values:
            r.choice(values).pop(r.choice(("line", "value", "why")), None)
    return out


def _reordered(r: random.Random, one: list[Any], others: list[list[Any]]) -> None:
    """Take an element of a list away, double it, move it, or put one of another answer in."""
    kind = next((sorted(item) for item in one if isinstance(item, dict)), None)
    alike = [item for other in others for item in other if isinstance(item, dict) and sorted(item) == kind]
    if one and r.random() < 0.4:
        one.pop(r.randrange(len(one)))
    elif one and r.random() < 0.5:
        one.insert(0, copy.deepcopy(r.choice(one)))
    elif alike:
        one.append(copy.deepcopy(r.choice(alike)))


def _places(node: Any) -> list[Answer]:
    """List every cited value below a node."""
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, dict) and "line" in node else []
    return [*own, *(place for child in inner for place in _places(child))]


def _lists(node: Any) -> list[list[Any]]:
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    own = [node] if isinstance(node, list) else []
    return [*own, *(one for child in inner for one in _lists(child))]


_VALUE = re.compile(r"\s*(?:- )?(?:(?P<key>[a-z_]+): )?(?P<value>.*?)  # \S+?:(?P<line>\d+)(?P<more>.*)")


def unproven(doc: Document, text: str) -> list[str]:
    """List the values of a plan that the lines in their comment do not hold, by a check of its own."""
    raws = ["", *(_bare(raw) for raw in re.split(r"\r\n|\n|\r", doc.text))]
    rows = [row for row in text.split("\n") if row.strip() and not row.lstrip().startswith("#") and row[-1] != ":"]
    found = [(row, _VALUE.fullmatch(row)) for row in rows]
    defined = {int(m["line"]): str(yaml.safe_load(m["value"])) for _, m in found if m and m["key"] == "id"}
    out, unit = [], ""
    for row, match in found:
        if match is None or int(match["line"]) >= len(raws):
            out.append(f"without a line: {row}")
            continue
        key, value = match["key"], yaml.safe_load(match["value"])
        unit = str(value) if key == "id" else unit
        lines = [int(match["line"]), *(int(n) for n in re.findall(r", \S+?:(\d+)", match["more"]))]
        if key == "depends_on" and row.startswith("        "):
            held = [one for one in value if not any(_edge(raws, defined, line, unit, str(one)) for line in lines)]
            out += [row] if held else []
        elif isinstance(value, int) and key != "wave":
            out += [] if str(value) in re.sub(r"[.,]", "", raws[lines[0]]) else [row]
        elif key == "depends_on":
            text = " ".join(raws[line] for line in lines)
            out += [row] if any(re.search(rf"(?<![\d-])0*{one}(?!\d)", text) is None for one in value) else []
        elif key != "wave" and not (key == "id" and "numbered by its place" in match["more"]):
            values = value if isinstance(value, list) else [value]
            out += [row] if any(_held(raws[lines[0]], str(one)) is None for one in values) else []
    return out


def _edge(raws: list[str], defined: dict[int, str], line: int, unit: str, needed: str) -> bool:
    """Say whether a line holds both ids, or one of them and stands below the other."""
    above = defined[max((at for at in defined if at <= line), default=min(defined))]
    holds = [_held(raws[line], one) for one in (unit, needed)]
    return any(holds) and all(one or above == name for one, name in zip(holds, (unit, needed), strict=True))


def _held(raw: str, text: str) -> re.Match[str] | None:
    """Find a text in a line, whole."""
    bare = _bare(text)
    begin, end = r"(?<![\w.])" if bare[:1].isalnum() else "", r"(?!\w|\.\w)" if bare[-1:].isalnum() else ""
    return re.search(f"{begin}{re.escape(bare)}{end}", raw)


def _bare(text: str) -> str:
    """Return a text without markup and spaces at most single."""
    return " ".join(re.sub(r"[*`_]", "", text).split())
