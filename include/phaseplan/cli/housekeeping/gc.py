"""`phaseplan gc`: show what this installation no longer needs, and free it with `--yes`."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from phaseplan.cli.housekeeping.items import Item
from phaseplan.cli.images import print_table
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.text.program import PROGRAM
from phaseplan.text.shown import plain

HELP = "show what is no longer needed: old attempts, leftovers on engines, caches, logs; free it with --yes"
_DAYS = 30
_UNITS = ("B", "KB", "MB", "GB", "TB")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("--yes", action="store_true", help="free it; without this nothing is changed")
    words = "how old attempts, volumes, logs and unused caches have to be; default: %(default)s"
    parser.add_argument("--days", metavar="N", type=float, default=_DAYS, help=words)
    parser.add_argument("--json", action="store_true", help="as a list of things, for programs")
    parser.add_argument(
        "--repository", metavar="URL", help="the target repository; default: those of all plans and settings"
    )
    parser.epilog = (
        "Looks at the targets of this installation's plans, at its engine and those of the engines file, and at "
        "caches and logs here. What stays: attempts without a verdict, what is or was integrated, what a branch "
        "of the target points at, of each branch the newest attempt and the one that counts, every phase with an "
        "open run, and whatever has the label of a ledger that is not in these targets: it is another "
        "installation's. Disk of the target itself is freed by its own `git gc`. Exit code 2 where something "
        "could not be looked at, or not be freed."
    )


def run(args: argparse.Namespace) -> int:
    """Show or free.

    :raises InputFault: `--days` is below 0.
    """
    if not 0 <= args.days < 36500:
        raise InputFault("--days must be a number of days, 0 or more")
    items, notes = find(args.repository, args.days)
    freed = [_freed(item, notes) if args.yes else None for item in items]
    if args.json:
        things = [item.as_dict(done) for item, done in zip(items, freed, strict=True)]
        print(json.dumps({"items": things, "notes": notes}, indent=2))
    else:
        _print(items, freed, notes)
    return 2 if any(note.startswith("not ") for note in notes) else 0


def find(given: str | None, days: float) -> tuple[list[Item], list[str]]:
    """Return everything that is of no use and old enough, and why other things were left alone.

    :param given: the target; None: those of all plans.
    """
    from phaseplan.cli.housekeeping.logs import logs
    from phaseplan.cli.housekeeping.phases import look, targets
    from phaseplan.cli.housekeeping.things import caches, on_engines

    now = datetime.now(UTC)
    before = now - timedelta(days=days)
    phases = look(targets(given), before)
    items, notes = list(phases.items), list(phases.notes)
    try:
        items += on_engines(phases, now, days, lambda words: notes.append(f"not looked at: {words}"))
    except Infrastructure as error:
        notes.append(f"not looked at: {error}")
    return [*items, *caches(before), *logs(min(before, now - timedelta(days=1)))], notes


def _freed(item: Item, notes: list[str]) -> bool:
    """Free one thing; what prevents it is a note, and the next is tried."""
    try:
        return item.free()
    except Infrastructure as error:
        notes.append(f"not freed: {item.kind} {item.name}: {error}")
        return False


def _print(items: Sequence[Item], freed: Sequence[bool | None], notes: Sequence[str]) -> None:
    if items:
        words = {None: "", True: "freed", False: "in use: left"}
        rows = [
            (i.kind, plain(i.name), plain(i.of), i.since.strftime("%Y-%m-%d"), _size(i.size), words[done])
            for i, done in zip(items, freed, strict=True)
        ]
        print_table(("what", "", "of", "since", "size", ""), *rows)
    for note in notes:
        print(plain(note))
    counted = Counter(item.kind for item, done in zip(items, freed, strict=True) if done is not False)
    total = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in counted.items())
    size = _size(sum(item.size for item, done in zip(items, freed, strict=True) if done is not False))
    end = f"{total}{f', {size} where the size is known' if size else ''}"
    if not items:
        print("Nothing to free.")
    elif None in freed:
        print(f"To free: {end}. Next: {PROGRAM} gc --yes, with the same options")
    else:
        print(f"Freed: {end or 'nothing'}.")


def _size(count: float) -> str:
    """Return bytes as people say them; nothing for none."""
    for unit in _UNITS:
        if count < 1000 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if count else ""
        count /= 1000
    return ""
