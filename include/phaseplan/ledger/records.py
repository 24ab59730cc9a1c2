"""Define the records that live in git: findings, verdicts, the ledger. Times are UTC ISO 8601, durations seconds."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, field_validator

from phaseplan.ledger.approval.answers import Approval, Remark
from phaseplan.ledger.money.usage import Usage
from phaseplan.ledger.transcripts import Kept
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan, Start
from phaseplan.plan.run_request import Rebuild
from phaseplan.text.shown import plain, quoted


class Record(BaseModel):
    """Base of every record: immutable; unknown keys of a newer version are kept out of the way."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class State(StrEnum):
    """States of a branch (docs/design/states.md). `blocked` by a dependency is computed, never stored."""

    PENDING = "pending"
    RUNNING = "running"
    PASSED = "passed"
    INTEGRATED = "integrated"
    ISOLATED = "isolated"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"
    UNFINISHED = "unfinished"


SPENDING = "spending"  # gate of a finding that says which budget of a model is used up: no attempt follows by itself
SHARE = "share"  # gate of one that says that of a budget which branches share: the next attempt may get another part
PROVIDER = "provider"  # gate of a finding that says what an agent lacked: infrastructure, nobody's work


class Finding(Record):
    """Hold one objection or remark of a gate, for a person and for the next attempt."""

    gate: str  # agent, budget, ownership, required, hostile, size, secrets, commands, conflict, conservation, wave ...
    file: str | None = None
    line: int | None = None
    limit: str | None = None
    actual: str | None = None
    message: str

    @field_validator("file", "limit", "actual")
    @classmethod
    def _on_one_line(cls, value: str | None) -> str | None:
        """Clean a path, which an agent may have chosen: nothing in it may act in a terminal or begin a new line."""
        return plain(value).replace("\n", "\\n") if value else value

    @field_validator("message")
    @classmethod
    def _as_told(cls, value: str) -> str:
        return quoted(value)

    @property
    def informs(self) -> bool:
        """Say whether it only reports where something is: such a finding fails no attempt."""
        return self.gate in ("kept", PROVIDER)

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        measure = f" (limit {self.limit}, actual {self.actual})" if self.limit and self.actual else ""
        return f"{self.gate}: {where}{self.message}{measure}"


#: What one attempt came to. Only `failed` consumes an attempt; `unfinished` is infrastructure's fault.
Outcome = Literal["passed", "failed", "blocked", "cancelled", "unfinished"]

#: Why a branch is isolated or was taken out: its own gates; a conflict with what is integrated; a red wave gate
#: that is green without it; a person (or a branch it needs) took it out of integration by a revert; a run took it out
#: to have it built anew, because what it was built from has changed.
Cause = Literal["failed", "conflict", "wave_gate", "taken_out", "outdated"]


class Verdict(Record):
    """Hold what one gating decided about one exact commit: `results/<branch>/<attempt>.<gating>`."""

    version: Literal[1] = 1
    phase: int
    branch: str
    attempt: int
    gating: int = 1
    run: str  # Airflow run id
    claim: str  # see the container labels
    outcome: Outcome
    reason: str = ""  # one line: why blocked, failed, cancelled
    base: str  # the workspace commit the agent was given
    raw: str | None = None  # what the attempt produced, untouched: attempts/<branch>/<attempt>
    commit: str | None = None  # the judged commit: raw without scratch files
    key: str = ""  # input key
    inputs: dict[str, str] = {}  # short digests of what makes the key, by name: see `attempt.inputs`
    run_base: str = ""  # the base that the run had pinned
    gates: str = ""  # digest of the gate definitions
    agent: str = ""  # profile name
    source: Literal["agent", "person"] = "agent"  # person: a pushed `<branch>-vN`, gated and not built
    exit_code: int | None = None
    lines: int = 0  # added lines as the budget counts them
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()  # what no gate forbids and somebody should know
    name: str | None = None  # public name, when passed
    started: str = ""  # the agent's container
    finished: str = ""
    usage: Usage | None = None  # of models, where a gateway counted it
    transcript: Kept | None = None  # how much of what the agent said is kept, where its profile wants that
    retry_after: float | None = None  # seconds for which a provider asked to wait
    timings: dict[str, float] = {}  # seconds: workspace, copy_in, agent, collect, gates


#: What keeps a wave from being published: the base is red; culprits could not be found within the bound; a base that
#: moved conflicts with what is integrated; the target refuses the integration branch.
Fault = Literal["base", "search", "conflict", "refused"]


class BranchRecord(Record):
    """Hold what the ledger knows about one branch: the newest folded verdict and what became of it."""

    state: State
    attempt: int
    gating: int = 1
    commit: str | None = None
    merge: str | None = None  # the merge commit on integration
    rejected: int = 0  # newest attempt taken out while this earlier one stays integrated
    reason: str = ""
    cause: Cause | None = None  # of `isolated`, and of `blocked` where a revert took it out with what it needs
    revert: str | None = None  # the commit on integration that took `merge` out again
    run: str = ""  # whose integration took it out; what else decided is in the verdict
    verdict: Verdict | None = None


class WaveRecord(Record):
    """Record how the newest run left one wave."""

    run: str
    state: Literal["integrated", "red"]
    fault: Fault | None = None  # of a red one
    head: str | None = None  # integration after the wave
    started: str = ""
    finished: str = ""
    findings: tuple[Finding, ...] = ()
    flaky: tuple[Finding, ...] = ()  # what a gate said before it was green on the very same commit
    gate_runs: int = 0  # runs of the wave's gates that this integration took


class Due(Record):
    """Hold what a run owes one branch, decided when it opens; a branch without one is built as usual.

    `reuse`: integrated, and nothing it depends on has changed. `gate`: integrated, the base or the gates moved and
    nothing the branch was built from did. `build`: taken out of integration, because its inputs changed, because a
    gate is red with it, or because the run asks for new work.
    """

    kind: Literal["reuse", "gate", "build"]
    why: str = ""


class RunRecord(Record):
    """The run that holds the ledger. Everything a task needs to know of the run is here.

    What it was asked to do is written down field by field as `RunRequest.recorded` gives it; a test holds the two
    together.
    """

    id: str
    epoch: int  # fencing: a smaller epoch moves nothing
    base: str  # commit
    base_name: str
    plan: str  # digest
    start: Start
    branches: tuple[str, ...] = ()  # the selection, without those to isolate; empty: all
    isolate: tuple[str, ...] = ()  # integrated branches that it was asked to take out
    agent: str | None = None  # overrides every profile
    rebuild: Rebuild = "auto"
    opened: str
    closed: str | None = None
    complete: bool = False
    fault: str = ""  # why it could not begin: the base is red, or cannot be merged; it is closed then
    due: dict[str, Due] = {}  # by branch: what opening decided about those that earlier runs have integrated


class Ledger(Record):
    """`ledger.json`: what has been decided in one phase."""

    version: Literal[1] = 1
    id: str  # random, made with the ledger; labels of containers carry it
    phase: int
    run: RunRecord | None = None
    integration: str | None = None  # head; the branch `integration/phase-N` is derived from it
    waves: dict[int, WaveRecord] = {}
    branches: dict[str, BranchRecord] = {}
    approvals: dict[str, Approval] = {}  # what people were asked and have answered, by point
    remarks: dict[str, tuple[Remark, ...]] = {}  # what people said of a branch's work that they sent back, oldest first
    told: dict[str, str] = {}  # blocker line by branch, as this run has logged it: told twice is told once


#: What one run did about one branch. `built`: nothing of it was integrated before; `rebuilt`: it was, and new work is.
What = Literal[
    "built", "reused", "gated", "rebuilt", "isolated", "blocked", "cancelled", "unfinished", "waiting", "untouched"
]


class Deed(Record):
    """Hold what one run did about one branch. Ids and digests are cut short: a year of nights is read at once."""

    what: What
    why: str = ""  # one line
    cause: Cause | None = None  # of an isolated one
    attempt: int = 0
    commit: str = ""  # the judged one
    key: str = ""  # input key of the verdict
    gates: str = ""  # digest of the gates that judged it, the wave's among them
    base: str = ""  # the workspace that the attempt began from
    usage: Usage | None = None  # of models by all attempts of the run


class Night(Record):
    """One run of a phase, as `history.jsonl` of the ledger keeps it: one line, never changed."""

    version: Literal[1] = 1
    run: str
    epoch: int
    opened: str
    closed: str | None = None  # None: the run ended without closing
    base: str
    base_name: str
    plan: str  # digest
    rebuild: Rebuild = "auto"
    start: Start
    complete: bool = False
    fault: str = ""  # why it could not begin
    integration: str | None = None
    deeds: dict[str, Deed] = {}  # by branch, in plan order
    flaky: tuple[str, ...] = ()  # what wave gates said before they were green on the very same commit
    seconds: float | None = None  # from opened to closed
    usage: Usage | None = None  # of models by the attempts of this run
    wasted: Usage | None = None  # of that, by attempts whose work was not in when it ended
    budgets: tuple[str, ...] = ()  # that branches share: what of them was used when it closed


class Pinned(Record):
    """The plan and profiles a run works from, pinned so that an edit never changes a run in flight."""

    plan: PhasePlan
    profiles: dict[str, AgentProfile]  # every profile the plan names, without secret values


class Token(Record):
    """Hold what `open_phase` hands to the run's tasks; without it a task touches nothing."""

    run: str
    epoch: int
    base: str
    plan: str


def now() -> str:
    """Return the current time as the records write it."""
    return stamp(datetime.now(UTC))


def stamp(when: datetime) -> str:
    """Format a moment as the records write it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """Parse a moment as records or the Docker engine write it (RFC 3339, up to nanoseconds, which are cut)."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))


def moment_if_any(text: str) -> datetime | None:
    """Parse a moment like `moment`; None for text that is none, as a ref that was written by hand may have."""
    try:
        found = moment(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


R = TypeVar("R", bound=Record)


def changed(record: R, **fields: Any) -> R:
    """Copy a frozen record with some fields replaced."""
    return record.model_copy(update=fields)
