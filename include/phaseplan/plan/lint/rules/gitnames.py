"""Check git names: by `git check-ref-format --branch`, and for names that git cannot store side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator

from phaseplan.plan.git_names import fault
from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.model import DEPENDENCIES

_VERSION = re.compile(r"(.+)-v([1-9][0-9]*)", re.DOTALL)


def version_of(name: str) -> str | None:
    """Return the branch of which a later attempt would be published as `name`."""
    match = _VERSION.fullmatch(name)
    return match[1] if match and int(match[2][:9]) > 1 else None


def valid_names(view: View) -> Iterator[Finding]:
    """PP304: report names that git does not accept for a branch."""
    names: list[tuple[Path, str]] = [((*path, "branch"), branch.branch) for path, branch in view.places]
    for path, name in [*([(("base",), view.plan.base)] if view.plan.base else []), *names]:
        why = fault(name)
        if why:
            yield Finding("PP304", path, f"git does not accept {name!r}: it {why}", "see git check-ref-format")


def unique_names(view: View) -> Iterator[Finding]:
    """PP302: report a git name that two branches have."""
    first: dict[str, str] = {}
    for path, branch in view.places:
        if branch.branch in first:
            message = f"the git name {branch.branch} is taken by branch {first[branch.branch]}"
            yield Finding("PP302", (*path, "branch"), message, "give each branch its own")
        first.setdefault(branch.branch, branch.id)


def no_directory_clash(view: View) -> Iterator[Finding]:
    """PP305: report `a` beside `a/b`, which git cannot store."""
    owner = {branch.branch: f"branch {branch.id}" for _, branch in reversed(view.places)}
    owner |= reserved(view)
    for path, branch in view.places:
        for parent in _parents(branch.branch):
            if parent in owner:
                message = f"git cannot store {branch.branch} beside {parent}, the name of {owner[parent]}"
                yield Finding(
                    "PP305", (*path, "branch"), message, "use a suffix (x-y) where one name is inside another"
                )
        for name in reserved(view):
            if branch.branch in _parents(name):
                message = f"git cannot store {branch.branch} beside {name}, the name of {owner[name]}"
                yield Finding("PP305", (*path, "branch"), message, "choose another name")


def no_version_clash(view: View) -> Iterator[Finding]:
    """PP306: report a name under which a later attempt would be published: attempt 2 of `x` is `x-v2`."""
    owner = {branch.branch: branch.id for _, branch in reversed(view.places)}
    for path, branch in view.places:
        for name in (branch.branch, *_parents(branch.branch)):
            match = _VERSION.fullmatch(name)
            if match and match[1] in owner and int(match[2][:9]) > 1:
                message = f"{name} is the name attempt {match[2]} of branch {owner[match[1]]} would be published as"
                yield Finding("PP306", (*path, "branch"), message, "end the name in something other than -v<number>")
    for name, meaning in reserved(view).items():
        match = _VERSION.fullmatch(name)
        if match and match[1] in owner and int(match[2][:9]) > 1:
            place = next(path for path, branch in view.places if branch.branch == match[1])
            message = f"attempt {match[2]} of {match[1]} would be published as {name}, which is {meaning}"
            yield Finding("PP306", (*place, "branch"), message, "choose another name")


def not_reserved(view: View) -> Iterator[Finding]:
    """PP307: report a name of the base or of the integration branch."""
    reserved_names = reserved(view)
    for path, branch in view.places:
        if branch.branch in reserved_names:
            message = f"{branch.branch} is {reserved_names[branch.branch]}; no agent's work is published there"
            yield Finding("PP307", (*path, "branch"), message, "choose another name")


def reserved(view: View) -> dict[str, str]:
    """Return reserved names with their meaning: the base, and integration branches."""
    plan = view.plan
    bases = [f"integration/phase-{p}" for p in plan.depends_on] if plan.base_name == DEPENDENCIES else [plan.base_name]
    return dict.fromkeys(bases, "the base") | {f"integration/phase-{plan.phase}": "the integration branch"}


def _parents(name: str) -> list[str]:
    """List the folders of a name: `a/b/c` gives `a`, `a/b`."""
    parts = name.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]
