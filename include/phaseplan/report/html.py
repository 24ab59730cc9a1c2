"""Make HTML in which everything is escaped, nothing comes from another host, and only our own script runs."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import jinja2
from markupsafe import Markup

from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.run_note import WORDS
from phaseplan.text.clean import clean


def environment(folders: Sequence[Path], style: str) -> jinja2.Environment:
    """Return the templates of some folders; text in them loses control and direction characters.

    :param style: what `{{ style }}` is.
    """
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folders),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: _shown(value) if isinstance(value, str) and not hasattr(value, "__html__") else value,
    )
    made.filters.update(time=_time, span=_span, about=_about, shown=_shown)
    made.globals.update(style=Markup(style), words=WORDS, spent_of=spent_of)
    return made


def headers(style: str, script: str | None = None) -> dict[str, str]:
    """Return the headers of a page: our one style and script by their digests, nothing from anywhere else.

    With a script the page may ask this very server, with its viewer's own rights; it is framed by Airflow only.
    """
    runs = f"; script-src 'sha256-{_digest(script)}'; connect-src 'self'" if script else ""
    policy = (
        f"default-src 'none'; style-src 'sha256-{_digest(style)}'{runs}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _digest(text: str) -> str:
    return base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _shown(text: object, longest: int | None = None) -> str:
    """Return text without control and direction characters; tabs and line ends stay."""
    whole = "\n".join("\t".join(map(clean, line.split("\t"))) for line in str(text).split("\n"))
    return whole if longest is None or len(whole) <= longest else f"{whole[:longest]}\n… and more, in the task's log"


def _time(text: str) -> str:
    return text[:16].replace("T", " ")


def _span(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, left_over = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left_over:02}" if hours else f"{minutes}:{left_over:02}"


def _about(seconds: float) -> str:
    """Return a time as people say it of something that is only predicted."""
    minutes = max(1, round(seconds / 60))
    if seconds < 90:
        return f"{round(seconds)} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = round(seconds / 3600)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"
