"""Check what a `run` was asked to do before anything is started."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phaseplan.errors import InputFault
from phaseplan.plan.lint.suggest import nearest
from phaseplan.plan.model import DEPENDENCIES, PhasePlan
from phaseplan.plan.run_request import RunRequest, check_agent, check_branches, check_value


@dataclass(frozen=True)
class PhaseRequest:
    """Hold one phase of a run."""

    plan: PhasePlan
    file: Path
    repository: str
    conf: Mapping[str, Any] = field(default_factory=dict)  # parameters of the DAG run

    @property
    def selected(self) -> tuple[str, ...]:
        """Return the branches the run is about; empty: all."""
        chosen, out = self.conf.get("branches") or (), self.conf.get("isolate") or ()
        return tuple(b for b in chosen or (self.plan.by_id if out else ()) if b not in out)

    @property
    def by_wave(self) -> bool:
        """Say whether a wave waits for the one before it."""
        return bool(self.conf.get("start", self.plan.start) == "wave")


def parse_settings(pairs: Sequence[str], profiles: Collection[str]) -> dict[str, Any]:
    """Parse `key=value` of each `--set` as parameters of a DAG run.

    :raises InputFault: an unknown key, or a value that its key cannot have.
    """
    conf: dict[str, Any] = {}
    for pair in pairs:
        key, sign, value = pair.partition("=")
        if key not in RunRequest.model_fields or not sign:
            near = nearest(key, RunRequest.model_fields)
            hint = f"did you mean `{near}`?" if near else f"keys: {', '.join(RunRequest.model_fields)}"
            raise InputFault(f"--set {pair}: write key=value with a known key; {hint}.")
        conf[key] = _read(key, value)
        with _of_the_command_line():
            check_value(key, conf[key])
            check_agent(conf.get("agent"), profiles)
    return conf


@contextmanager
def _of_the_command_line() -> Iterator[None]:
    """Say of a value that is refused where it was written."""
    try:
        yield
    except InputFault as error:
        raise InputFault(f"--set {error}") from error


def _read(key: str, value: str) -> object:
    """Convert a value as its parameter requires it; branches are separated by commas."""
    if key not in ("branches", "isolate"):
        return value
    return list(dict.fromkeys(part.strip() for part in value.split(",") if part.strip()))


def requests(
    plans: Sequence[tuple[Path, PhasePlan]], conf: Mapping[str, Any], repositories: Callable[[PhasePlan], str]
) -> list[PhaseRequest]:
    """List the phases to run, in the order of their numbers; a selection drops the phases it does not touch.

    :raises InputFault: a selected branch that no plan has, a phase given twice, or one base for phases of which one
        builds on what another integrates.
    """
    by_phase: dict[int, Path] = {}
    for file, plan in plans:
        if plan.phase in by_phase:
            raise InputFault(f"phase {plan.phase} is in both {by_phase[plan.phase]} and {file}; give one of them.")
        by_phase[plan.phase] = file
    wanted, out = list(conf.get("branches", ())), list(conf.get("isolate", ()))
    known = [branch.id for _, plan in plans for branch in plan]
    with _of_the_command_line():
        check_branches([*wanted, *out], known)
    _one_base(plans, conf)
    found = []
    for file, plan in sorted(plans, key=lambda pair: pair[1].phase):
        own = [b for b in wanted if b in plan.by_id]
        leaving = [b for b in out if b in plan.by_id]
        if not (wanted or out) or own or leaving:
            settings = {**conf, **({"branches": own} if wanted else {}), **({"isolate": leaving} if out else {})}
            found.append(PhaseRequest(plan, file, repositories(plan), settings))
    return found


def _one_base(plans: Sequence[tuple[Path, PhasePlan]], conf: Mapping[str, Any]) -> None:
    """Refuse a base on the command line if a phase of the run builds on another one: it would go to both."""
    given = {plan.phase for _, plan in plans}
    behind = sorted(plan.phase for _, plan in plans if given.intersection(plan.depends_on))
    if conf.get("base", DEPENDENCIES) != DEPENDENCIES and behind:
        raise InputFault(
            f"--set base={conf['base']}: phase {', '.join(map(str, behind))} would build on that too, and not on what "
            "the phases before it integrate. Run the first phases alone with it, or write `base:` into their plans."
        )


def absolute(url: str) -> str:
    """Return a repository's name for workers in other directories: an absolute path; a URL stays as it is.

    >>> absolute("https://example.org/a.git")
    'https://example.org/a.git'
    """
    if "://" in url or re.match(r"[^/]+:", url):  # the second is scp's host:path
        return url
    return str(Path(url).expanduser().resolve())
