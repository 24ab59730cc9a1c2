"""`phaseplan improve`: propose changes to a plan as a diff that can be reviewed, applied, or written with `--write`."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.output import write
from phaseplan.errors import Bug, InputFault

if TYPE_CHECKING:
    from phaseplan.cli.simulating.lines import Line
    from phaseplan.forecast.improving.proposal import Draft, Proposal
    from phaseplan.plan.model import PhasePlan

HELP = "propose a better plan as a diff: waves, owned paths, shared files, splits, needless edges; each with its gain"
_KINDS = ("edges", "shared", "paths", "waves", "split", "start", "agents")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the verb."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="plan file")
    parser.add_argument("--write", action="store_true", help="write what the diff shows into the plan file")
    parser.add_argument("--only", metavar="KIND", action="append", choices=_KINDS,
                        help=f"look for these alone, may be repeated: {', '.join(_KINDS)}")  # fmt: skip
    parser.add_argument("--repository", metavar="URL", help="look at the files of the plan's base there too")
    parser.epilog = "The output is a patch with words above it: `phaseplan improve PLAN --only waves | git apply`."


def run(args: argparse.Namespace) -> int:
    """Propose changes, and write them if asked."""
    from phaseplan.cli.simulate import valid
    from phaseplan.cli.simulating.lines import plain, show
    from phaseplan.forecast.improving.improve import diff, improve

    plan = valid([args.plan])[0]
    before = _draft(args.plan)
    files = _files(args.repository, plan) if args.repository else ()
    proposals, after = improve(before, files, args.only or _KINDS)
    _check(args.plan, before.text, after.text)
    show(_comments(proposals))
    patch = diff(before, after)
    if args.write and patch:
        _write(args.plan, before.text, after.text)
        show([plain(f"# written: {args.plan}")])
    else:
        show(_coloured(patch))
    return 0


def _draft(path: Path) -> Draft:
    """Read the plan file as it is.

    :raises InputFault: it changed since it was checked.
    """
    from phaseplan.forecast.improving.proposal import draft_of

    draft = draft_of(str(path), _text(path))
    if draft is None:
        raise InputFault(f"{path} changed while it was read; try again")
    return draft


def _text(path: Path) -> str:
    """Read the text with the line ends that it has."""
    return path.read_bytes().decode("utf-8-sig")


def _comments(proposals: Sequence[Proposal]) -> Iterator[Line]:
    """Write the proposals as comments, which `git apply` and `patch` skip."""
    from phaseplan.cli.simulating.lines import plain

    if not proposals:
        yield plain("# nothing to propose")
    for number, proposal in enumerate(proposals, 1):
        only = "" if proposal.draft is not None else " (yours to carry out)"
        yield plain(f"# {number}. {proposal.title}{only}", "bold")
        yield from (plain(f"#    {why}") for why in proposal.why)
        yield plain(f"#    gain: {proposal.gain}", "green")
        yield from (plain(f"#      {line}", "cyan") for line in proposal.snippet.splitlines())
        yield plain("#")


def _coloured(patch: str) -> Iterator[Line]:
    """Colour a patch, and change no character: a patch must be exact, and a plan has no control characters."""
    styles = {"+": "green", "-": "red", "@": "cyan"}
    for line in patch.split("\n")[:-1]:
        yield [(line, "bold" if line.startswith(("+++", "---")) else styles.get(line[:1], ""))]


def _check(path: Path, before: str, after: str) -> None:
    """Check that the plan lints no worse than before.

    :raises Bug: the proposals bring new problems.
    """
    old, new = (_lint(path.name, text) for text in (before, after))
    worse = {code: new[code] - old[code] for code in new if new[code] > old[code]}
    if worse:
        raise Bug(f"proposals for {path} would bring new problems ({worse}); please report this")


def _lint(name: str, text: str) -> Counter[str]:
    """Count the errors and warnings of each code in a text."""
    from phaseplan.plan.campaign import load_campaign

    with tempfile.TemporaryDirectory(prefix="phaseplan-") as folder:
        file = Path(folder, name)
        file.write_bytes(text.encode())
        return Counter(d.code for d in load_campaign([file], None).diagnostics if d.severity != "note")


def _write(path: Path, before: str, after: str) -> None:
    """Replace the plan file completely or not at all, with its permissions, if it still holds the text that was read.

    :raises InputFault: the file was changed meanwhile.
    """
    raw = path.read_bytes()
    if raw.decode("utf-8-sig") != before:
        raise InputFault(f"{path} changed meanwhile; nothing was written")
    write(path, (b"\xef\xbb\xbf" if raw.startswith(b"\xef\xbb\xbf") else b"") + after.encode())


def _files(url: str, plan: PhasePlan) -> tuple[str, ...]:
    """List paths of all files at the plan's base, except those that no plan file can name.

    :raises BaseMissing: there is no such base.
    """
    from phaseplan.cli.running.request import absolute
    from phaseplan.config.settings import settings
    from phaseplan.merging.base import resolve_base
    from phaseplan.repository.remote import Remote

    remote = Remote(absolute(url))
    with remote.private(state=settings().state) as repo:
        base = resolve_base(remote, repo, plan, plan.base_name)
        names = repo.names("ls-tree", "-r", "-z", "--name-only", base)
    return tuple(name for name in names if name.isprintable())  # what a plan file can hold
