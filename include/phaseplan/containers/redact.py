"""Replace secret values in everything that leaves: logs, findings, reasons, records, pages."""

from __future__ import annotations

import html
import json
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import quote, quote_plus

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.records import Finding, Verdict, changed
from phaseplan.text.cutting import hiding
from phaseplan.text.shown import plain

SHORTEST = 4  # characters; shorter values would blacken ordinary text
_ENCODED = 8  # characters of an encoded form, which is searched for only from this length on
_ARMOUR = "-----"  # begins the lines of a key that are the same in every key


class Redactor:
    """Replace secret values in text by `***`, whole or by the line, trimmed, and in the usual encodings."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self.values = tuple(longest_first)
        self.longest = max(map(len, longest_first), default=0)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def __call__(self, text: str) -> str:
        """Return the text without secrets."""
        return self._pattern.sub("***", text) if self._pattern else text

    def verdict(self, verdict: Verdict) -> Verdict:
        """Redact every text of a verdict that an agent can write into, so that it can be recorded and reported."""
        findings = tuple(
            Finding.model_validate({k: self(v) if isinstance(v, str) else v for k, v in finding})
            for finding in verdict.findings
        )
        notes = tuple(self(note) for note in verdict.notes)
        reason = self(plain(verdict.reason)).replace("\n", " ")
        usage = verdict.usage.renamed(self) if verdict.usage else None  # an agent chooses what it asks for
        return changed(verdict, reason=reason, findings=findings, notes=notes, usage=usage)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Redact the message of what is raised inside: it may quote a path or an output."""
        try:
            with hiding(self):
                yield
        except PhaseplanError as error:
            error.args = tuple(self(argument) if isinstance(argument, str) else argument for argument in error.args)
            raise

    def seam(self, text: str, at: int) -> int:
        """Return the first position from `at` on where a cut splits no secret.

        The caller holds `longest` characters beyond `at`, so that all of a secret is there.
        """
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match.start() < at < match.end():
                return match.end()
        return at


def _forms(value: str) -> Iterator[str]:
    lines = [line for line in value.splitlines() if not line.startswith(_ARMOUR)]
    plain_forms = {value, value.strip(), plain(value), *lines, *(line.strip() for line in lines)}
    yield from (form for form in plain_forms if len(form) >= SHORTEST)
    if len(value.strip()) >= SHORTEST:
        yield from (form for form in _encoded(value.strip()) if len(form) >= _ENCODED)


def _encoded(value: str) -> Iterator[str]:
    """List a value as a URL, JSON, HTML, a name that git quotes, hex digits, base64 from any start; also in lines."""
    data = value.encode("utf-8", "surrogateescape")
    yield from _wrapped(b64encode(data).decode(), 76, 64)
    yield from _wrapped(data.hex(), 60)
    quoted = json.dumps(value, ensure_ascii=False)[1:-1]
    git = "".join(c if c.isascii() else "".join(f"\\{b:03o}" for b in c.encode("utf-8", "replace")) for c in quoted)
    yield from (quoted, git, repr(value)[1:-1], html.escape(value), html.escape(value, quote=False))
    yield from (
        quote(data, safe=""),
        quote(data),
        quote_plus(data),
        json.dumps(value)[1:-1],
        data.hex(),
        data.hex().upper(),
    )
    for before in range(3):
        coded = b64encode(b"\0" * before + data).decode().rstrip("=")
        whole = len(data) + before
        # The first and the last character hold bits of the neighbours too, unless the value ends with them.
        form = coded[(0, 2, 3)[before] : len(coded) - (1 if whole % 3 else 0)]
        yield from (form, form.replace("+", "-").replace("/", "_"))


def _wrapped(coded: str, *widths: int) -> Iterator[str]:
    """List the lines into which `base64`, `openssl` and `xxd` break their output."""
    for width in widths:
        yield from (coded[at : at + width].rstrip("=") for at in range(0, len(coded), width) if len(coded) > width)
