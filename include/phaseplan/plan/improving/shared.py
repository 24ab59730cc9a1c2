"""A file that several branches of a wave must touch gets an owner, who merges first."""

from __future__ import annotations

from collections.abc import Sequence

from include.phaseplan.plan.graph import merge_order
from include.phaseplan.plan.improving.collisions import collisions, worth
from include.phaseplan.plan.improving.edits import (
    Edit,
    Unknown,
    begin,
    dash,
    finish,
    gap,
    is_flow,
    line_end,
    line_start,
    newline,
    parts,
    quoted,
)
from include.phaseplan.plan.improving.proposal import Draft, Proposal
from include.phaseplan.plan.model import SharedFile
from include.phaseplan.plan.patterns import matches


def propose(draft: Draft, files: Sequence[str]) -> list[Proposal]:
    """One proposal for each such file: one that both name exactly, or one of the repository's that both match."""
    out: list[Proposal] = []
    for path, pairs in _files(draft, files).items():
        if any(entry.path == path for entry in draft.plan.shared_files):
            continue
        ids = {branch_id for pair in pairs for branch_id in pair}
        owner, *others = [b for b in merge_order(draft.plan) if b in ids]
        entry = SharedFile(path=path, owner=owner, branches=tuple(others))
        try:
            after = draft.changed(
                [_entry(draft, entry)], draft.plan.with_(shared_files=(*draft.plan.shared_files, entry))
            )
        except Unknown:
            continue
        if after is None or len(collisions(after.plan)) >= len(collisions(draft.plan)):
            continue
        why = (f"{', '.join((owner, *others))} all change it; {owner} merges first, the others add theirs",
               "where every line stands for itself (a list, a registry), `merge: union` saves conflicts")  # fmt: skip
        out.append(Proposal("shared", f"make {owner} the owner of {path}", why, worth(after.plan, pairs), after))
        draft = after
    return out


def _files(draft: Draft, files: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Pairs that collide, by the file they collide at."""
    out: dict[str, list[tuple[str, str]]] = {}
    for found in collisions(draft.plan):
        named = {p.lstrip("/") for p in found.first.owns} & {p.lstrip("/") for p in found.second.owns}
        exact = [p for p in sorted(named) if not p.endswith("/") and not set(p) & set("*?[!\\")]
        both = [f for f in files if matches(found.first.owns, f) and matches(found.second.owns, f)]
        for path in dict.fromkeys([*exact, *both]):
            if "." in path.rsplit("/", 1)[-1] or path in both:
                out.setdefault(path, []).append(found.pair)
    return out


def _entry(draft: Draft, entry: SharedFile) -> Edit:
    """The text of a new entry, behind the others or above the waves."""
    text, end = draft.text, newline(draft.text)
    branches = ", ".join(f'"{b}"' for b in entry.branches)
    lines = [f"- path: {quoted(entry.path)}", f'  owner: "{entry.owner}"', f"  branches: [{branches}]", "  merge: text"]
    tree = draft.source.locations.tree(("shared_files",))
    if tree is not None:
        if is_flow(tree) or not parts(tree):
            raise Unknown("a list in brackets")
        at, indent = line_end(text, finish(tree)), dash(text, parts(tree)[-1])
        return Edit(at, at, gap(text, at) + "".join(f"{' ' * indent}{line}{end}" for line in lines))
    waves = draft.source.locations.tree(("waves",))
    if waves is None or is_flow(waves):
        raise Unknown("waves in brackets")
    key = draft.source.locations.find(("waves",), on_key=True)
    at = line_start(text, begin(waves))
    while text[at : at + 6] != "waves:" and at > 0:
        at = line_start(text, at - 1)
    if key.column != 1 or text[at : at + 6] != "waves:":
        raise Unknown("waves that do not begin a line")
    return Edit(at, at, f"shared_files:{end}" + "".join(f"  {line}{end}" for line in lines) + end)
