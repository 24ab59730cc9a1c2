"""Propose to remove dependencies that another dependency implies."""

from __future__ import annotations

from phaseplan.forecast.improving.edits import Unknown, remove_items
from phaseplan.forecast.improving.proposal import Draft, Proposal, faster, makespan, with_branch
from phaseplan.plan.graph import implied
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import Branch


def propose(draft: Draft) -> list[Proposal]:
    """Make one proposal for all of them; a list whose layout is not understood is left as it is."""
    now, why = draft, []
    for path, branch in View(draft.plan).places:
        drop = _needless(draft, branch)
        tree = now.source.locations.tree((*path, "depends_on"))
        if not drop or tree is None:
            continue
        kept = tuple(d for k, d in enumerate(branch.depends_on) if k not in drop)
        meant = with_branch(now.plan, path, branch.model_copy(update={"depends_on": kept}))
        try:
            after = now.changed(remove_items(now.text, tree, drop), meant)
        except Unknown:
            continue
        if after is not None:
            now = after
            gone = ", ".join(dict.fromkeys(branch.depends_on[k] for k in drop))
            why.append(f"{branch.id} needs {gone} already through {', '.join(kept)}")
    if not why:
        return []
    gain = f"less to keep right; {faster(makespan(draft.plan), makespan(now.plan))}"
    title = (
        "remove an implied dependency" if len(why) == 1 else f"remove the implied dependencies of {len(why)} branches"
    )
    return [Proposal("edges", title, tuple(why), gain, now)]


def _needless(draft: Draft, branch: Branch) -> list[int]:
    """List the places in `depends_on` of what is implied or listed twice."""
    extra, drop = set(implied(draft.plan, branch.id)), []
    for place, needed in enumerate(branch.depends_on):
        if needed in extra or needed in branch.depends_on[:place]:
            drop.append(place)
    return drop
