"""Define the frozen models of a plan file. Each key is described here and nowhere else.

Every path pattern is gitignore syntax relative to the repository's root. Checks that need more than
one value (references, cycles, overlaps) are rules, not validators: see `rules`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, ModelWrapValidatorHandler, PrivateAttr, model_validator

from phaseplan.plan.approving import Approve
from phaseplan.plan.base import Model
from phaseplan.plan.budget import Budget, PhaseBudget
from phaseplan.plan.delivery import Deliver, Delivery
from phaseplan.plan.kinds import Command, Number, Positive, TimeLimit, Whole
from phaseplan.plan.login import parted
from phaseplan.plan.notify import Notify
from phaseplan.plan.span_fields import Duration

Start = Literal["wave", "dependencies"]
Risk = Literal["low", "medium", "high"]

#: The base of a phase that depends on others: what those have integrated.
DEPENDENCIES = "dependencies"
#: Schedules that are no cron.
AFTER, NEVER = "after dependencies", "none"


class Required(Model):
    """A regular expression that must occur in every new file that matches `files`."""

    files: str = Field(description="Pattern of the files this is about.")
    pattern: str = Field(description="Python regular expression; single quotes keep YAML off its backslashes.")
    why: str = Field(default="", description="What the rule is for; part of the finding.")


class Gates(Model):
    """What every branch's commit must pass before it gets its public name."""

    max_lines: Positive | None = Field(
        default=None,
        description="Most lines a branch may add, as `git diff` shows them; generated paths do not count.",
    )
    ownership: Literal["enforce", "off"] = Field(
        default="enforce",
        description="`enforce`: a branch changes only what it owns, files it shares, and generated paths.",
    )
    scratch_files: tuple[str, ...] = Field(
        default=(), description="Agents' notes: taken out by a commit on top of the raw attempt, never merged."
    )
    required: tuple[Required, ...] = Field(default=(), description="What must occur in new files.")
    commands: tuple[Command, ...] = Field(
        default=(),
        description="Run in order, each alone in a fresh checkout of the exact commit, without network; "
        "the first failure ends it. Join with && what needs the files of the command before.",
    )
    profile: str | None = Field(
        default=None,
        description="Agent profile of the gate containers, with its network and environment; "
        "default: the agent's image and limits.",
    )
    timeout: TimeLimit = Field(default=1800, description="For all commands of one gating together.")


class SharedFile(Model):
    """One file that several branches may change; its owner merges first."""

    path: str = Field(description="The file, relative to the repository's root.")
    owner: str = Field(description="Id of the branch that merges first.")
    branches: tuple[str, ...] = Field(default=(), description="Ids of the other branches that may change it.")
    merge: Literal["union", "text"] = Field(
        default="text",
        description="`union` keeps both sides' lines, if `check` passes then; `text` is git's ordinary merge.",
    )
    check: Command | None = Field(
        default=None, description="A command on the merged commit; `{path}` and `{dir}` are filled in."
    )


class GeneratedFiles(Model):
    """Files a command makes: never merged by hand, exempt from budget, ownership and conservation."""

    paths: tuple[str, ...] = Field(min_length=1, description="Patterns of the files it makes.")
    command: str = Field(description="Makes them again, in a container, after a merge that touches them.")


class Claims(Model):
    """What the plan's authors promised; analysis says what is true."""

    reduction: str | None = Field(
        default=None, description="How much time the waves are said to save, for example `70%`."
    )
    duration: Duration | None = Field(default=None, description="How long the phase is said to take.")
    sequential: Duration | None = Field(
        default=None, description="How long it is said to take one branch after another."
    )
    parallel: Duration | None = Field(default=None, description="How long it is said to take in waves.")
    utilisation: str | None = Field(default=None, description="How busy the agents are said to be, for example `333%`.")
    critical_path: tuple[str, ...] = Field(
        default=(), description="Ids of the branches that are said to decide how long it takes."
    )
    risks: dict[str, Risk] = Field(default={}, description="Named risks, each low, medium or high.")
    mitigations: dict[str, str] = Field(default={}, description="What is done about each risk.")


class Branch(Model):
    """The unit one agent builds."""

    id: str = Field(
        description='Unique in the plan, for example "5.1.1"; part of ref names. Quote it: 5.1 would be a number.'
    )
    branch: str = Field(description="The git name; attempt n > 1 is published as `<branch>-vn`.")
    title: str = Field(description="What it is, for people and for the agent's brief.")
    agent_label: str = Field(default="", description="What the authors call the agent, for example `Agent 1`.")
    lines: Whole = Field(default=0, ge=0, description="Estimate of added lines.")
    depends_on: tuple[str, ...] = Field(
        default=(),
        description="Ids of branches of this or an earlier wave, whose work is there before the agent starts.",
    )
    owns: tuple[str, ...] = Field(min_length=1, description="Patterns of what it may change.")
    agent: str | None = Field(default=None, description="Agent profile of its own; default: the plan's.")
    brief: str = Field(default="", description="More instructions for the agent, Markdown.")
    duration: Duration | None = Field(default=None, description="Estimate.")
    budget: Budget | None = Field(
        default=None, description="What its attempts may use of a model; default: the agent profile's."
    )

    @cached_property
    def slug(self) -> str:
        """Return the last segment of the git name without a leading `p5w1-`: short enough for a grid."""
        return re.sub(r"^p\d+w\d+-", "", self.branch.rsplit("/", 1)[-1])


class Wave(Model):
    """Branches that are gated and merged together."""

    wave: Number = Field(description="Its number; waves stand and run in the order of their numbers.")
    title: str = Field(default="", description="What it is, for people.")
    duration: Duration | None = Field(default=None, description="Estimate.")
    branches: tuple[Branch, ...] = Field(min_length=1, description="What is built in it.")
    validation: tuple[Command, ...] = Field(
        default=(), alias="validate", description="Commands on the merged commit; red publishes nothing."
    )
    conflict_risk: Risk | None = Field(
        default=None, description="What the authors say; `lint` compares it with the overlap of paths that it computes."
    )
    notes: tuple[str, ...] = Field(default=(), description="What else the authors said.")


class PhasePlan(Model):
    """One phase: what one plan file holds."""

    phase: Number = Field(description="Its number; the DAG of phase 5 is `phase_05`.")
    title: str = Field(description="What it is, for people.")
    depends_on: tuple[Number, ...] = Field(default=(), description="Numbers of the phases that must be complete first.")
    blocks: tuple[Number, ...] = Field(default=(), description="Numbers of the phases that wait for this one.")
    independent_from: tuple[Number, ...] = Field(
        default=(), description="Numbers of the phases that have nothing to do with this one."
    )
    repository: str | None = Field(
        default=None, description="URL or path of the target repository; default: the configuration's."
    )
    base: str | None = Field(
        default=None,
        description="Branch, tag or commit it builds on; default: `main`, or what `depends_on` integrated.",
    )
    schedule: str | None = Field(
        default=None,
        description="When it starts by itself: a cron, `none`, or `after dependencies`, the default if it has any.",
    )
    start: Start = Field(
        default="wave",
        description="`wave`: a wave waits for the one before; `dependencies`: a branch waits only for what it needs.",
    )
    max_parallel_agents: Whole = Field(
        default=4, gt=0, le=100_000, description="Agents at once, deferred ones included: an Airflow pool."
    )
    attempts: Whole = Field(default=2, gt=0, description="Tries before a branch is isolated.")
    agent: str | None = Field(default=None, description="Agent profile of every branch that names none.")
    budget: PhaseBudget | None = Field(
        default=None, description="What all branches together may use of models, in all runs and in each."
    )
    history: Literal["shallow", "full"] = Field(
        default="shallow", description="What the checkout has: one commit (`shallow`), or all (`full`)."
    )
    gates: Gates = Field(default=Gates(), description="What every branch's commit must pass.")
    shared_files: tuple[SharedFile, ...] = Field(default=(), description="Files that several branches may change.")
    generated_files: tuple[GeneratedFiles, ...] = Field(default=(), description="Files that commands make.")
    conventions: str | None = Field(default=None, description="A file of the repository that is quoted in every brief.")
    deliver: Deliver = Field(default=Delivery(), description="What becomes of the finished phase.")
    approve: Approve | None = Field(default=None, description="Where it waits for a person's approval, and whose.")
    notify: Notify = Field(default=Notify(), description="Names of notifiers, by event.")
    notes: tuple[str, ...] = Field(default=(), description="What else the authors said.")
    claims: Claims | None = Field(
        default=None, description="What the authors promised; `status` shows it beside the truth."
    )
    waves: tuple[Wave, ...] = Field(min_length=1, description="What is built, in order.")

    @property
    def base_name(self) -> str:
        """Return what the phase builds on: the plan's `base`, else its dependencies' integration, else `main`."""
        return self.base or (DEPENDENCIES if self.depends_on else "main")

    @property
    def after_dependencies(self) -> bool:
        """Say whether the phase starts by itself when all its dependencies are complete."""
        return bool(self.depends_on) and self.schedule in (None, AFTER)

    def __iter__(self) -> Iterator[Branch]:  # type: ignore[override]  # pydantic iterates fields; a plan's elements are branches
        """Yield branches in plan order."""
        for wave in self.waves:
            yield from wave.branches

    _login: str = PrivateAttr(default="")  # of `repository`: never part of what is written down about the plan

    @model_validator(mode="wrap")
    @classmethod
    def _without_login(cls, value: Any, handler: ModelWrapValidatorHandler[PhasePlan]) -> PhasePlan:
        """Move the login out of `repository`: a plan is pinned, pushed and shown, and must not hold it."""
        plan = handler(value)
        address, login = parted(plan.repository or "")
        if login:
            plan = plan.model_copy(update={"repository": address})
            plan._login = login
        return plan

    @property
    def login(self) -> str:
        """Return user and password that the plan's author wrote into `repository`, as written; empty: none."""
        return self._login

    @cached_property
    def by_id(self) -> dict[str, Branch]:
        """Return each branch by its id; ids are unique in a plan that lints without errors."""
        return {branch.id: branch for branch in self}

    @cached_property
    def place(self) -> dict[str, int]:
        """Return the position in plan order by branch id."""
        return {branch.id: i for i, branch in enumerate(self)}

    @cached_property
    def needed_by(self) -> dict[str, tuple[str, ...]]:
        """Return, by a branch's id, the branches that list it in their depends_on."""
        out: dict[str, list[str]] = {branch.id: [] for branch in self}
        for branch in self:
            for needed in branch.depends_on:
                out[needed].append(branch.id)
        return {branch_id: tuple(others) for branch_id, others in out.items()}

    @cached_property
    def wave_of(self) -> dict[str, int]:
        """Return the wave number by branch id."""
        return {branch.id: wave.wave for wave in self.waves for branch in wave.branches}

    @cached_property
    def generated(self) -> tuple[str, ...]:
        """Return all patterns of generated paths."""
        return tuple(path for entry in self.generated_files for path in entry.paths)

    def with_(self, **changes: object) -> PhasePlan:
        """Copy the plan with other values; unlike `model_copy` it drops cached properties."""
        return PhasePlan.model_construct(**{name: getattr(self, name) for name in type(self).model_fields} | changes)

    def shared_with(self, branch_id: str) -> tuple[SharedFile, ...]:
        """List the shared files that this branch may change, as owner or as one listed."""
        return tuple(s for s in self.shared_files if branch_id == s.owner or branch_id in s.branches)

    def profile_of(self, branch: Branch) -> str | None:
        """Return the name of the agent profile that builds a branch."""
        return branch.agent or self.agent
