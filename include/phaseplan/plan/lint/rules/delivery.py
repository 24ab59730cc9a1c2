"""Check where a finished phase is to go: a branch that git takes and no agent's work is published under."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.plan.git_names import fault
from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.gitnames import version_of
from phaseplan.plan.lint.rules.view import View

_PROJECT = re.compile(r"[\w.-]+(?:/[\w.-]+)+")
_LABEL = re.compile(r"[^,\x00-\x1f\x7f]{1,100}")


def possible_delivery(view: View) -> Iterator[Finding]:
    """PP609: report a delivery that no forge could make."""
    deliver = view.plan.deliver
    if not deliver.wanted:
        return
    if (why := fault(deliver.onto)) is not None:
        yield Finding("PP609", ("deliver", "onto"), f"git does not accept {deliver.onto!r}: it {why}")
    elif (owner := _owner(view, deliver.onto)) is not None:
        advice = "name the branch that people merge into, for example main"
        yield Finding("PP609", ("deliver", "onto"), f"{deliver.onto} is {owner}", advice)
    project = deliver.project
    if project is not None and (not _PROJECT.fullmatch(project) or {".", ".."} & set(project.split("/"))):
        yield Finding("PP609", ("deliver", "project"), f"{project!r} is no name on a forge", "write owner/name")
    if deliver.how == "pull-request" and not deliver.connection.strip():
        advice = "name an Airflow connection, or leave the key out"
        yield Finding("PP609", ("deliver", "connection"), "the connection's name is empty", advice)
    for i, label in enumerate(deliver.labels):
        if not _LABEL.fullmatch(label) or not label.strip():
            yield Finding(
                "PP609", ("deliver", "labels", i), f"{label!r} is no label", "write up to 100 characters, no ,"
            )


def _owner(view: View, name: str) -> str | None:
    """Say whose branch a name is that phases write themselves; None: it is free to be delivered to."""
    if name.startswith("integration/phase-"):
        return "an integration branch, which only its phase moves"
    for _, branch in view.places:
        if branch.branch in (name, version_of(name)):
            return f"the name under which branch {branch.id} is published"
    return None
