"""Write the note of a run in Markdown, as Airflow shows it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from phaseplan.ledger.flaky import Flake
from phaseplan.ledger.money.usage import spent_of
from phaseplan.ledger.records import Deed, Night, What
from phaseplan.ledger.run_history import DONE, count

#: How people call what was done; in the order in which it is told.
WORDS: dict[What, str] = {
    "reused": "reused",
    "gated": "gated again",
    "rebuilt": "rebuilt",
    "built": "built",
    "isolated": "isolated",
    "blocked": "blocked",
    "cancelled": "cancelled",
    "unfinished": "unfinished",
    "waiting": "waiting",
    "untouched": "untouched",
}
LONGEST = 1000  # characters of a note: the column's width
MARK = "Phaseplan:"  # begins a note of ours
_NAMED = 8  # branches of one kind


def note(night: Night, flakes: Sequence[Flake] = ()) -> str:
    """Write what a run came to in a few lines; text from agents makes no link, picture or tag in it.

    :param flakes: of all nights; only those that this night completes are shown.
    """
    done = count(night.deeds.values(), *DONE)
    state = "complete" if night.complete else "could not begin" if night.fault else "not complete"
    head = f"{MARK} {state}, {done} of {len(night.deeds)} branches integrated: {counts(night)}"
    lines = [_plain(night.fault)] if night.fault else []
    lines += [f"used {_plain(str(spent))}"] if (spent := spent_of(night)) else []
    lines += [_named(night, what) for what in WORDS if what not in ("reused", "built") and _of(night, what)]
    lines += [_plain(budget) for budget in night.budgets]
    lines += [f"flaky {_plain(str(flake))}" for flake in flakes if flake.second == night.run]
    lines += [f"flaky gate of {_plain(finding)}" for finding in night.flaky]
    return _cut("\n- ".join([head, *lines]))


def with_delivery(closing: str, delivery: str) -> str:
    """Put what became of the phase's delivery behind the first line of its note."""
    head, line, rest = closing.partition("\n")
    return _cut(f"{head}\n- {_plain(delivery)}{line}{rest}" if delivery else closing)


def with_link(text: str, address: str) -> str:
    """Put a link to the phase on the board below the first line; without an address nothing changes."""
    first, *more = text.split("\n")
    return _cut("\n".join([first, f"- [the phase on the board]({address})", *more])) if address else text


def with_note(before: str, new: str) -> str:
    """Put our part into a note: what a person wrote stays above it; an earlier part of ours is replaced."""
    own = before if before.startswith(MARK) else before.partition(f"\n{MARK}")[0].rstrip()
    return _cut(new if not own or own.startswith(MARK) else f"{own}\n\n{new}")


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def counts(night: Night) -> str:
    """Count deeds in words: `reused 43, gated again 3, rebuilt 1`."""
    numbers = ((WORDS[what], len(_of(night, what))) for what in WORDS)
    return ", ".join(f"{word} {number}" for word, number in numbers if number) or "no branches"


def reasons(night: Night) -> Iterator[tuple[str, Deed]]:
    """List branches that were not simply reused or left alone, the ones with trouble first."""
    order = ("isolated", "blocked", "cancelled", "unfinished", "waiting", "rebuilt", "gated", "built")
    changes = [(b, deed) for b, deed in night.deeds.items() if deed.what in order]
    yield from sorted(changes, key=lambda pair: order.index(pair[1].what))


def _named(night: Night, what: What) -> str:
    found = _of(night, what)
    if what == "untouched":
        return f"untouched: {', '.join(found[:_NAMED])}{_more(found)}"
    named = [f"{b} ({_plain(why)})" if (why := night.deeds[b].why) else b for b in found[:_NAMED]]
    return f"{WORDS[what]}: {', '.join(named)}{_more(found)}"


def _plain(text: str) -> str:
    return re.sub(r"([\\\[<`])", r"\\\1", text)


def _of(night: Night, what: What) -> list[str]:
    return [b for b, deed in night.deeds.items() if deed.what == what]


def _more(found: Sequence[str]) -> str:
    return f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
