"""Notifiers as the operator of the system defines them; a plan, which anybody may write, only names them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from phaseplan.plan.model import Event, Model

_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+", re.ASCII)


def _dotted(value: str) -> str:
    if not _CLASS.fullmatch(value):
        raise ValueError(f"{value[:60]!r} is no class: write its module and name, for example package.module.Notifier")
    return value


class NotifierProfile(Model):
    """One Airflow notifier (a subclass of `airflow.sdk.BaseNotifier`) and how it is made.

    `arguments` go to its constructor; where they are its template fields they may say `{{ phaseplan.message }}`.
    They name Airflow connections and hold no secrets.
    """

    class_path: Annotated[str, AfterValidator(_dotted)] = Field(alias="class")
    arguments: dict[str, Any] = {}
    events: tuple[Event, ...] = ()  # told of these by every plan, also one that names nobody
