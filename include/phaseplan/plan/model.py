"""The frozen models of a plan file. What a key means is said here and nowhere else.

Every path pattern is gitignore syntax relative to the repository's root. Checks that need more than
one value (references, cycles, overlaps) are rules, not validators: see `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from include.phaseplan.plan.spans import Duration, Seconds

Start = Literal["wave", "dependencies"]
Risk = Literal["low", "medium", "high"]
Event = Literal["isolated", "blocked", "wave_integrated", "phase_complete"]

#: The base of a phase that depends on others: what those have integrated.
DEPENDENCIES = "dependencies"
#: Schedules that are no cron.
AFTER, NEVER = "after dependencies", "none"


class Model(BaseModel):
    """Base of every plan model: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Required(Model):
    """A regular expression that must occur in every new file that matches `files`."""

    files: str
    pattern: str
    why: str = ""


class Gates(Model):
    """What every branch's commit must pass before it gets its public name."""

    max_lines: int | None = Field(default=None, gt=0)  # added lines; see DESIGN.md section 10
    ownership: Literal["enforce", "off"] = "enforce"
    scratch_files: tuple[str, ...] = ()
    required: tuple[Required, ...] = ()
    commands: tuple[str, ...] = ()
    profile: str | None = None  # agent profile of the gate containers; None: the plan's agent
    timeout: Seconds = 1800  # of all commands of one gating together


class SharedFile(Model):
    """One file that several branches may change; its owner merges first."""

    path: str
    owner: str
    branches: tuple[str, ...] = ()
    merge: Literal["union", "text"] = "text"
    check: str | None = None  # a command; `{path}` and `{dir}` are filled in


class GeneratedFiles(Model):
    """Files a command makes: never merged by hand, exempt from budget, ownership and conservation."""

    paths: tuple[str, ...] = Field(min_length=1)
    command: str


class Claims(Model):
    """What the plan's authors promised; analysis says what is true."""

    reduction: str | None = None
    duration: Duration | None = None
    sequential: Duration | None = None
    parallel: Duration | None = None
    utilisation: str | None = None
    critical_path: tuple[str, ...] = ()
    risks: dict[str, Risk] = {}
    mitigations: dict[str, str] = {}


class Notify(Model):
    """Who is told of what: names of notifiers in the operator's notifiers file, never classes or addresses."""

    isolated: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    wave_integrated: tuple[str, ...] = ()
    phase_complete: tuple[str, ...] = ()

    def names(self, event: Event) -> tuple[str, ...]:
        """The notifiers this plan names for one event."""
        found: tuple[str, ...] = getattr(self, event)
        return found


class Branch(Model):
    """The unit one agent builds."""

    id: str
    branch: str  # the git name
    title: str
    agent_label: str = ""
    lines: int = Field(default=0, ge=0)  # estimate
    depends_on: tuple[str, ...] = ()
    owns: tuple[str, ...] = Field(min_length=1)
    agent: str | None = None  # a profile; None: the plan's
    brief: str = ""  # more instructions for the agent, Markdown
    duration: Duration | None = None  # estimate

    @cached_property
    def slug(self) -> str:
        """Last segment of the git name without a leading `p5w1-`: short enough for a grid."""
        return re.sub(r"^p\d+w\d+-", "", self.branch.rsplit("/", 1)[-1])


class Wave(Model):
    """Branches that are gated and merged together."""

    wave: int = Field(gt=0)
    title: str = ""
    duration: Duration | None = None
    branches: tuple[Branch, ...] = Field(min_length=1)
    validation: tuple[str, ...] = Field(default=(), alias="validate")  # commands on the merged commit
    conflict_risk: Risk | None = None
    notes: tuple[str, ...] = ()


class PhasePlan(Model):
    """One phase: what one plan file holds."""

    phase: int = Field(ge=0)
    title: str
    depends_on: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    independent_from: tuple[int, ...] = ()
    repository: str | None = None
    base: str | None = None  # branch, tag or commit; None: see `base_name`
    schedule: str | None = None  # cron, `after dependencies`, `none`
    start: Start = "wave"
    max_parallel_agents: int = Field(default=4, gt=0)
    attempts: int = Field(default=2, gt=0)
    agent: str | None = None
    history: Literal["shallow", "full"] = "shallow"
    gates: Gates = Gates()
    shared_files: tuple[SharedFile, ...] = ()
    generated_files: tuple[GeneratedFiles, ...] = ()
    conventions: str | None = None
    notify: Notify = Notify()
    notes: tuple[str, ...] = ()
    claims: Claims | None = None
    waves: tuple[Wave, ...] = Field(min_length=1)

    @property
    def base_name(self) -> str:
        """What the phase builds on: what the plan says, else what its dependencies integrated, else `main`."""
        return self.base or (DEPENDENCIES if self.depends_on else "main")

    @property
    def after_dependencies(self) -> bool:
        """Whether the phase starts by itself when all it depends on is complete."""
        return bool(self.depends_on) and self.schedule in (None, AFTER)

    def __iter__(self) -> Iterator[Branch]:  # type: ignore[override]  # pydantic iterates fields; a plan's elements are branches
        """Branches in plan order."""
        for wave in self.waves:
            yield from wave.branches

    @cached_property
    def by_id(self) -> dict[str, Branch]:
        """Branch by id; of a plan that lints without errors the ids are unique."""
        return {branch.id: branch for branch in self}

    @cached_property
    def wave_of(self) -> dict[str, int]:
        """Wave number by branch id."""
        return {branch.id: wave.wave for wave in self.waves for branch in wave.branches}

    @cached_property
    def generated(self) -> tuple[str, ...]:
        """All patterns of generated paths."""
        return tuple(path for entry in self.generated_files for path in entry.paths)

    def shared_with(self, branch_id: str) -> tuple[SharedFile, ...]:
        """The shared files that this branch may change, as owner or as one listed."""
        return tuple(s for s in self.shared_files if branch_id == s.owner or branch_id in s.branches)

    def profile_of(self, branch: Branch) -> str | None:
        """Name of the agent profile that builds a branch."""
        return branch.agent or self.agent
