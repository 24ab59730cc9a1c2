"""Propose an owner, who merges first, for a file that several branches of a wave must touch."""

from __future__ import annotations

from collections.abc import Collection

from phaseplan.forecast.improving.collisions import collisions, worth
from phaseplan.forecast.improving.edits import (
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
from phaseplan.forecast.improving.proposal import Draft, Proposal
from phaseplan.plan.graph import merge_order
from phaseplan.plan.model import SharedFile


def propose(draft: Draft) -> list[Proposal]:
    """Make one proposal for each file that several branches of a wave own by its name."""
    out: list[Proposal] = []
    for path, pairs in _named(draft).items():
        ids = {branch_id for pair in pairs for branch_id in pair}
        after = share(draft, path, ids)
        if after is None or len(collisions(after.plan)) >= len(collisions(draft.plan)):
            continue
        entry = after.plan.shared_files[-1]
        everybody = ", ".join((entry.owner, *entry.branches))
        why = (
            f"{everybody} all change it; {entry.owner} merges first, the others add theirs",
            "where every line stands for itself (a list, a registry), `merge: union` saves conflicts",
        )
        out.append(Proposal("shared", f"make {entry.owner} the owner of {path}", why, worth(after.plan, pairs), after))
        draft = after
    return out


def share(draft: Draft, path: str, ids: Collection[str]) -> Draft | None:
    """Return the draft in which a file is shared; its owner is the one of the branches that is merged first."""
    if any(entry.path == path for entry in draft.plan.shared_files):
        return None
    owner, *others = [b for b in merge_order(draft.plan) if b in ids]
    entry = SharedFile(path=path, owner=owner, branches=tuple(others))
    meant = draft.plan.with_(shared_files=(*draft.plan.shared_files, entry))
    try:
        return draft.changed([_entry(draft, entry)], meant)
    except Unknown:
        return None


def _named(draft: Draft) -> dict[str, list[tuple[str, str]]]:
    """Map files to the colliding pairs that both name them exactly."""
    out: dict[str, list[tuple[str, str]]] = {}
    for pair, (first, second) in {c.pair: (c.first, c.second) for c in collisions(draft.plan)}.items():
        both = {p.lstrip("/") for p in first.owns} & {p.lstrip("/") for p in second.owns}
        for path in sorted(both):
            if "." in path.rsplit("/", 1)[-1] and not path.endswith("/") and not set(path) & set("*?[!\\"):
                out.setdefault(path, []).append(pair)
    return out


def _entry(draft: Draft, entry: SharedFile) -> Edit:
    """Write the text of a new entry, behind the others or above the waves."""
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
