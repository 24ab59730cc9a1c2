"""Check notifiers: the operator has defined every one that a plan names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from phaseplan.plan.lint.diagnostics import Finding
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import hint
from phaseplan.plan.notify import Event


def known_notifiers(view: View) -> Iterator[Finding]:
    """PP603: report a notifier that the operator has not defined."""
    if view.notifiers is None:
        return
    for event in get_args(Event):
        for i, name in enumerate(view.plan.notify.names(event)):
            if name not in view.notifiers:
                choices = hint(name, sorted(view.notifiers), "notifiers") or "the notifiers file defines none"
                yield Finding("PP603", ("notify", event, i), f"there is no notifier `{name}`", choices)
