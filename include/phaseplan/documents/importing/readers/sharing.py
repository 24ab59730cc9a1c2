"""Read statements about paths: which branch works where, and which files several branches change."""

from __future__ import annotations

import re

from phaseplan.documents.importing.blocks import Block
from phaseplan.documents.importing.context import Context, agents_of, wave_of
from phaseplan.documents.importing.facts import Facts, Mention, Shared
from phaseplan.documents.importing.statements import Statement
from phaseplan.documents.importing.words import ids, names
from phaseplan.documents.outline.text import any_paths

_OWNERSHIP = (
    r"isolat|overlap|owner|package (?:structure|separation|boundar|assign)|director|file "
    r"(?:structure|assign|boundar)|^owns|work ?area|may touch|territor"
)
_SHARED = (
    r"shared[ _-]?files?|shared resources|common files|files? shared|hot ?spots?|shared (?:packages?|code)|contended"
)
_BRANCH_OF_TREE = re.compile(
    r"(?P<lead>[\s\u2502\u251c\u2514\u2500|`+-]*)(?P<name>[\w.*-]+(?:/[\w.*-]+)*/?)(?:\s+(?:#|//|<-|\u2190)\s*(?P<said>.*))?\s*"
)
_GENERATED = re.compile(r"generated|zz_|deepcopy|codegen", re.I)
_FIRST = re.compile(
    r"\bagent[ #]*(\w{1,3})\b[^.;]{0,40}\b(?:first|creates? (?:the )?(?:base|shared)|owns|leads|owner)", re.I
)


def read(s: Statement, facts: Facts) -> bool:
    """Add what a statement says of paths to the facts; return True if it is about nothing else."""
    wave = wave_of(s.key, wave_of(" ".join(s.parents), s.context.wave))
    if s.about(_SHARED) or s.context.under(_SHARED, 1):
        return _shared(s, wave, facts)
    if "agent" in s.whole.lower() and (match := _FIRST.search(s.whole)) is not None:
        _leader(match[1], wave, facts)
    if not (s.about(_OWNERSHIP) or s.context.under(_OWNERSHIP, 1)) or s.kind == "table":
        return False
    own = any_paths(s.raw)
    owner_text = s.key if s.key and not any_paths(s.key) else s.value
    if any_paths(s.key) and (agents_of(s.value) or ids(s.value)):
        own = any_paths(s.key)
    if not own:
        return False
    label = owner_text if _refers(owner_text) else next((p for p in reversed(s.parents) if _refers(p)), owner_text)
    mentions = _owners(label, s, wave)
    for mention in mentions:
        mention.owns = tuple(own)
    facts.owned += mentions
    return bool(mentions)


def comments(block: Block, context: Context, facts: Facts) -> None:
    """Read `// File: a/b.go` and `// Owner: 8.1.1` at the head of a piece of code."""
    file: tuple[str, int] | None = None
    for line, text in enumerate(block.text.split("\n"), block.line):
        comment = re.match(r"\s*(?://|#|--|\*|/\*)\s*(file|path|owner|owned by)\s*:\s*(.+)", text, re.I)
        if comment and comment[1].lower() in ("file", "path"):
            file = (file_paths[0], line) if (file_paths := any_paths(comment[2])) else None
        elif comment and file and len(owners := ids(comment[2])) == 1:
            facts.owned.append(Mention("list", file[1], id=owners[0], owns=(file[0],), wave=context.wave))
            file = None


def tree(block: Block, context: Context, facts: Facts) -> None:
    """Read a tree of folders, with each folder's owner behind a `#`."""
    above: list[tuple[int, str]] = []
    for line, text in enumerate(block.text.split("\n"), block.line):
        match = _BRANCH_OF_TREE.fullmatch(text)
        if match is None:
            continue
        depth = len(match["lead"])
        above = [(at, name) for at, name in above if at < depth]
        above.append((depth, match["name"]))
        if owners := ids(match["said"] or ""):
            path = "".join(name for _, name in above)
            facts.owned += [Mention("list", line, id=i, owns=(path,), wave=context.wave) for i in owners]


def _refers(text: str) -> bool:
    return bool(ids(text) or agents_of(text) or names(text))


def _owners(label: str, s: Statement, wave: int | None) -> list[Mention]:
    """Find the branches that a label means: by ids, then git names, then agents, then a title."""
    if branch_ids := ids(label):
        return [Mention("list", s.line, id=i, wave=wave) for i in branch_ids]
    if named := names(label):
        return [Mention("list", s.line, name=n, wave=wave) for n in named]
    if agents := agents_of(label):
        return [Mention("list", s.line, agent=a, wave=wave_of(label, wave)) for a in agents]
    if label and re.search(r"[A-Za-z]{3}", label) and not any_paths(label):
        return [Mention("list", s.line, title=label, wave=wave)]
    return []


def _shared(s: Statement, wave: int | None, facts: Facts) -> bool:
    key = s.key.lower()
    if key in ("owner", "owned by", "primary owner", "lead") and facts.shared:
        _amend(facts, len(facts.shared) - 1, owner=s.value)
        return True
    if (
        re.fullmatch(r"(?:contribut\w*|branches|shared (?:by|with)|used by|modified by|touched by|others?|agents)", key)
        and facts.shared
    ):
        _amend(facts, len(facts.shared) - 1, note=s.value)
        return True
    if _refers(s.key) and not any_paths(s.key):  # `Agent 1: pkg/x/` below a heading that only mentions sharing
        return False
    own = any_paths(s.key) or any_paths(s.raw)
    for path in own:
        if not path.endswith("/") and re.search(r"\.\w+$|file$", path):
            text = s.whole.replace(path, "")
            owner = re.search(
                r"(?:owner|owned by|lead|primary)\W*((?:wave \d+\W*)?(?:agent\s*\w{1,2}|\d+\.\d+\.\d+\w?))", text, re.I
            )
            facts.shared.append(
                Shared(path, s.line, wave, _GENERATED.search(s.whole) is not None, text, owner[1] if owner else None)
            )
    return bool(own)


def _amend(facts: Facts, i: int, owner: str | None = None, note: str = "") -> None:
    old = facts.shared[i]
    facts.shared[i] = Shared(
        old.path, old.line, old.wave, old.generated, f"{old.note} {note}".strip(), owner or old.owner
    )


def _leader(agent: str, wave: int | None, facts: Facts) -> None:
    """Read `Agent 1 creates shared registration files first`: it owns the wave's shared files without an owner."""
    for i, shared in enumerate(facts.shared):
        if shared.wave == wave and wave is not None and shared.owner is None and not shared.generated:
            _amend(facts, i, owner=f"Agent {agent}")
