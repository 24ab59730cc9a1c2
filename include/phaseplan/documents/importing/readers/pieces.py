"""Read YAML fences that are pieces of a plan in the plan's own shape, as `export` writes them (docs/decisions/018).

A fence is a piece when its keys and values are a plan's; only what a plan must have may be missing. What pieces say
goes before everything that is found otherwise, and what *Plan Settings* says before other pieces.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context
from phaseplan.documents.importing.facts import Facts, Mention, Said, Stated, Values
from phaseplan.plan.lint.diagnostics import Path
from phaseplan.plan.yaml.load import Source, parse

Entry = tuple[str, list[str]]  # a key of the plan file with its lines

_PARTIAL = re.compile(r"\w+|waves \d+ (?!wave$)\w+|waves \d+ branches \d+ (?!id$)\w+")  # where a key may be missing
_STRANGE = re.compile(r"^(?![a-z_]+\s*:)[^\W_]", re.MULTILINE)  # a key that no plan has: theirs are small letters
_TODO_OF = {"shared_files": "shared", "generated_files": "generated"}  # `# TODO shared file x: ...`


def take(contexts: Iterable[tuple[Block, Context]], facts: Facts) -> list[tuple[Block, Context]]:
    """Add the pieces to the facts, and return the other blocks."""
    others, pieces = [], []
    for block, context in contexts:
        source = _piece(block)
        if source is None:
            others.append((block, context))
        else:
            pieces.append((context.under(r"^plan settings$", 1), block.line - 1, source))
    for _, above, source in sorted(pieces, key=lambda piece: piece[0]):
        _add(facts.stated, source, above, facts)
    if "phase" in facts.stated.top:
        facts.phases.append(facts.stated.top["phase"])
    return others


def _piece(block: Block) -> Source | None:
    if block.kind != "fence" or block.language not in ("yaml", "yml") or _STRANGE.search(block.whole):
        return None
    from phaseplan.plan.lint.schema import validate  # pydantic takes longer to import than a page of Markdown
    from phaseplan.plan.model import PhasePlan

    source = parse("", block.whole)
    if not source.data or source.diagnostics:
        return None
    errors = validate(PhasePlan, source.data)[1]
    fits = all(e["type"] == "missing" and _PARTIAL.fullmatch(" ".join(map(str, e["loc"]))) for e in errors)
    return source if fits else None


def _add(stated: Stated, source: Source, above: int, facts: Facts) -> None:
    data = source.data or {}
    _merge_values(stated.top, {k: v for k, v in data.items() if k != "waves"}, source, (), above)
    for i, wave in enumerate(data.get("waves", ())):
        number, place = int(wave["wave"]), ("waves", i)
        values = {k: v for k, v in wave.items() if k not in ("wave", "branches")}
        _merge_values(stated.waves.setdefault(number, {}), values, source, place, above)
        for j, branch in enumerate(wave.get("branches", ())):
            at = (*place, "branches", j)
            line = above + source.locations.find((*at, "id")).line
            facts.mentions.append(
                Mention("branch section", line, id=branch["id"], name=branch.get("branch"), wave=number)
            )
            values = {k: v for k, v in branch.items() if k != "id"}
            _merge_values(stated.branches.setdefault(branch["id"], {}), values, source, at, above)


def _merge_values(into: Values, data: dict[str, Any], source: Source, place: Path, above: int) -> None:
    for key, value in data.items():
        line = above + source.locations.find((*place, key), on_key=True).line
        old = into.get(key)
        merged = old.value | value if old and isinstance(old.value, dict) and isinstance(value, dict) else value
        into[key] = Said(merged, line)


def overlay(lines: list[str], stated: Stated, file: str) -> list[str]:
    """Replace lines of the written plan file by what the pieces say."""
    head, entries = _entries(lines, 0)
    *others, (_, waves) = entries
    preamble, blocks = _split(waves, r"  - wave: (\d+)")
    wave_lines = [line for number, block in blocks for line in _wave(block, stated, int(number), file)]
    return [*head, *_laid(others, stated.top, 0, file), *preamble, *wave_lines]


def _wave(lines: list[str], stated: Stated, number: int, file: str) -> list[str]:
    head, entries = _entries(lines, 4)
    out: list[Entry] = []
    for key, lines_of_key in entries:
        if key == "branches":
            top, blocks = _split(lines_of_key, r'      - id: "((?:[^"\\\\]|\\\\.)*)"')
            named = ((json.loads(f'"{branch}"'), block) for branch, block in blocks)
            lines_of_key = [*top, *(x for b, block in named for x in _branch(block, stated.branches.get(b, {}), file))]
        out.append((key, lines_of_key))
    return [*head, *_laid(out, stated.waves.get(number, {}), 4, file)]


def _branch(lines: list[str], values: Values, file: str) -> list[str]:
    head, entries = _entries(lines, 8)
    return [*head, *_laid(entries, values, 8, file)]


def _entries(lines: list[str], indent: int) -> tuple[list[str], list[Entry]]:
    """Return the lines above the first key, then each key with its lines; a TODO belongs to the key that it names."""
    return _split(lines, rf" {{{indent}}}(?:# TODO )?(\w+)")


def _split(lines: list[str], pattern: str) -> tuple[list[str], list[Entry]]:
    head: list[str] = []
    out: list[Entry] = []
    for line in lines:
        match = re.match(pattern, line)
        if match:
            out.append((match[1], []))
        (out[-1][1] if out else head).append(line)
    return head, out


def _laid(entries: list[Entry], values: Values, indent: int, file: str) -> list[str]:
    """Replace entries by their new values; new keys come last."""
    new = {key: fact for key, fact in values.items() if fact.value != {}}
    todos = {_TODO_OF[key] for key in new if key in _TODO_OF}
    out = []
    for key, lines in entries:
        if key in new:
            out += _written(key, new.pop(key), lines, indent, file)
        elif key not in todos and key not in values:
            out += lines
    return [*out, *(line for key, fact in new.items() for line in _written(key, fact, [], indent, file))]


def _written(key: str, fact: Said[Any], old: list[str], indent: int, file: str) -> list[str]:
    """Write one key with its value; in a mapping, keys that only the document has stay."""
    from phaseplan.documents.export.text import as_yaml

    value_lines, comment = as_yaml({key: fact.value}).rstrip("\n").split("\n"), f"# {file}:{fact.line}"
    if len(value_lines) == 1 or value_lines[0] == f"{key}:":
        value_lines[0] += f"  {comment}"
    else:
        value_lines.insert(0, comment)
    kept_lines: list[str] = []
    if isinstance(fact.value, dict):
        kept_lines = [x for k, lines in _entries(old, indent + 2)[1] if k not in fact.value for x in lines]
    return [*(f"{' ' * indent}{line}" if line else line for line in value_lines), *kept_lines]
