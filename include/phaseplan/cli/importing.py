"""`phaseplan import`: make plan files from a document or a folder of documents, and report what is wrong or unused."""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.output import write
from phaseplan.errors import InputFault
from phaseplan.text.program import PROGRAM

if TYPE_CHECKING:
    from phaseplan.documents.importing.contradictions.soundness import Others
    from phaseplan.documents.importing.document import Imported
    from phaseplan.documents.outline.fill import Fill

HELP = "make a plan file from a document, and say what is contradictory in it and what was not used"


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `import`."""
    parser.add_argument(
        "document", metavar="DOC.md", type=Path, help="the document, or a folder: docs/import.md lists the formats"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="PLAN.yaml",
        type=Path,
        help="where the plan goes, or a folder for several; default: standard output",
    )
    parser.add_argument("--force", action="store_true", help="replace an existing PLAN.yaml")
    parser.add_argument(
        "--strict", action="store_true", help="contradictions and unused lines are errors, and no plan is written"
    )
    parser.add_argument(
        "--beside", metavar="PLAN", nargs="+", type=Path, default=[], help="plans of other phases to compare with"
    )
    parser.add_argument(
        "--names",
        metavar="RULE",
        default="",
        help="git names of branches without one: 'feature/{phase}/{slug}'; {id}, {wave}",
    )
    parser.add_argument("--agent", metavar="NAME", default="", help="the agent profile of the plan")
    parser.add_argument("--max-lines", metavar="N", type=int, default=0, help="most added lines of a branch")
    parser.add_argument(
        "--with",
        dest="model",
        metavar="MODEL",
        help="let a model read the document, as pydantic-ai names it (openai:gpt-5; keys from the environment); "
        "a value enters only if its line holds it",
    )
    parser.add_argument("--yes", action="store_true", help="ask the model of --with without asking about the cost")
    parser.epilog = (
        "Diagnostics go to standard error; the last line counts the rows that were used. Exit code 1 on errors; "
        "contradictions count with --strict. A document of several phases becomes several plans."
    )


def run(args: argparse.Namespace) -> int:
    """Import; return 1 when there are errors.

    :raises InputFault: an output exists already and `--force` was not given, or a rule for names is none.
    """
    from phaseplan.documents.importing.document import import_file
    from phaseplan.documents.outline.fill import filled
    from phaseplan.plan.lint import render
    from phaseplan.plan.yaml.load import gc_paused

    output, fill = args.output or Path("-"), _fill(args)
    if os.path.lexists(output) and not output.is_dir() and not args.force:  # before the work; `write` looks again
        raise InputFault(f"{output} exists; name another file, or replace it with --force")
    others = _beside(args.beside) if args.beside else ()
    with gc_paused():
        done = _asked(args) if args.model else import_file(args.document, args.strict, others)
    sys.stderr.write(render.text(done.diagnostics))
    failed = not done.texts or any(d.is_error for d in done.diagnostics)
    if not failed:
        texts = [filled(text, fill) for text in done.texts]
        sources = [*([] if args.document.is_dir() else [args.document]), *args.beside]
        for i, (path, text) in enumerate(zip(outputs(output, texts), texts, strict=True)):
            write(path, ("---\n" if i and str(path) == "-" else "") + text, create=not args.force, sources=sources)
            if str(path) != "-":
                _next(path, text)
    if done.rows:
        sys.stdout.flush()
        print(f"{done.used} of {done.rows} rows used", file=sys.stderr)
    return 1 if failed else 0


def _beside(paths: list[Path]) -> Others:
    """Load the plans to compare with; the model of plans takes longer to import than a page of Markdown."""
    from phaseplan.plan.campaign import load_valid

    return [(loaded.path, loaded.plan) for loaded in load_valid(paths, None).plans]


def _asked(args: argparse.Namespace) -> Imported:
    """Show what the model's reading costs, and have it read.

    :raises InputFault: the cost was not agreed to.
    """
    from phaseplan.documents.proving.asking import ask, question

    asked = question(args.document, args.model)
    print(asked.cost.text(), file=sys.stderr)
    if not args.yes:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise InputFault("nothing was sent: agree to the cost with --yes")
        sys.stderr.write("Send the document? [y/N] ")
        sys.stderr.flush()
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            raise InputFault("nothing was sent")
    return ask(asked, args.strict)


def _fill(args: argparse.Namespace) -> Fill:
    from phaseplan.documents.outline.fill import Fill, unknown

    if args.names and (odd := unknown(args.names)):
        raise InputFault(f"--names knows no {{{odd[0]}}}; it knows {{phase}}, {{wave}}, {{id}} and {{slug}}")
    if args.names and not re.search(r"\{(?:id|slug)\}", args.names):
        raise InputFault("--names gives every branch the same name; put {slug} or {id} in it")
    return Fill(args.names, args.agent, max(0, args.max_lines))


def outputs(output: Path, texts: list[str]) -> list[Path]:
    """Return the file of each plan: the one that was named, or of several one for each phase beside it or in it."""
    if str(output) == "-" or (len(texts) == 1 and not output.is_dir()):
        return [output] * len(texts)
    out: list[Path] = []
    for i, text in enumerate(texts, 1):
        phase = re.search(r"^phase: (\d+)", text, re.MULTILINE)
        number = f"{int(phase[1]):02}" if phase else f"{i:02}"
        name = f"phase-{number}.yaml" if output.is_dir() else f"{output.stem}-{number}{output.suffix}"
        path = (output if output.is_dir() else output.parent) / name
        out.append(path if path not in out else path.with_stem(f"{path.stem}-{i}"))
    return out


def _next(path: Path, text: str) -> None:
    """Print what was written, and what to do next."""
    todos = text.count("# TODO ")
    print(
        f"{path} written, {todos} TODO{'s' if todos != 1 else ''} left; next: {PROGRAM} lint {path}",
        file=sys.stderr,
    )
