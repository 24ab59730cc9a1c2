"""Define notifiers as the operator configures them; a plan, which any author may write, only names them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from phaseplan.plan.base import Model
from phaseplan.plan.notify import Event

_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


def _dotted(value: str) -> str:
    if not _CLASS.fullmatch(value):
        raise ValueError(f"{value[:60]!r} is no class: write its module and name, for example package.module.Notifier")
    return value


class NotifierProfile(Model):
    """Describe one Airflow notifier (a subclass of `airflow.sdk.BaseNotifier`) and its arguments.

    `arguments` go to its constructor; where they are its template fields they may say `{{ phaseplan.message }}`.
    They name Airflow connections and hold no secrets.
    """

    class_path: Annotated[str, AfterValidator(_dotted)] = Field(alias="class")
    arguments: dict[str, Any] = {}
    digest: bool = False  # one message a night instead of one for each branch and wave
    events: tuple[Event, ...] = ()  # receives these events of every plan, also of one without `notify`
