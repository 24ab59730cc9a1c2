"""Check where a person decides: an answer that is never late, and names that are no one's."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View


def has_effect(view: View) -> Iterator[Finding]:
    """PP707: report what happens after a time limit where there is none, an empty name, and a point named twice."""
    approve = view.plan.approve
    if approve is None:
        return
    if approve.within is None and approve.unanswered == "go on":
        message = "`unanswered: go on` never happens: without a time limit a question waits for ever"
        yield Finding("PP707", ("approve", "unanswered"), message, "add `within`, for example `within: 2d`")
    for i, name in enumerate(approve.who):
        if not name.strip():
            yield Finding(
                "PP707", ("approve", "who", i), "an empty name is nobody's", "name a role or a user, or take it out"
            )
    for i, point in enumerate(approve.at):
        if point in approve.at[:i]:
            yield Finding("PP707", ("approve", "at", i), f"`{point}` is asked once, however often it is named")
