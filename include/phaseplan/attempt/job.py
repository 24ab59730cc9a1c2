"""Define what the steps of a build work with, and the outcomes they can have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from docker import DockerClient

from phaseplan.attempt.inputs import Builder, Start, ingredients
from phaseplan.config.settings import Settings
from phaseplan.containers.engine import image_digest
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.engines.fleet import NO_FLEET, Fleet, Place
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.images.identity import image_identity
from phaseplan.containers.labels import Labels, Role
from phaseplan.errors import Bug, Infrastructure, PhaseplanError
from phaseplan.gates.profile import gate_profile
from phaseplan.ledger import digest_schemes as schemes
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.records import BranchRecord, Ledger, RunRecord, Token, Verdict
from phaseplan.ledger.write import Snapshot
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import Branch, PhasePlan
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.text.program import PROGRAM


class ProviderAway(Infrastructure):
    """A service that an agent needs, its provider most often, is away; the agent or its gateway says so.

    :param retry_after: seconds for which the provider asked to wait.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


def image_under(client: DockerClient, name: str, scheme: str) -> str:
    """Return which image a name means on an engine, as a scheme of digests tells images apart.

    :raises ImageMissing: the engine has none of that name.
    """
    return image_digest(client, name) if schemes.by_id(scheme) else image_identity(client, name)


class NotReady(PhaseplanError):
    """The branch cannot be built now, without a fault of this run: the task skips, saying why."""


@dataclass(frozen=True)
class Heard:
    """Hold how much of an agent's output a trigger has shown."""

    container: str
    lines: int
    gateway: str = ""  # stamp of the last line of its gateway that it has shown


@dataclass(frozen=True)
class Job:
    """One start of one branch's task."""

    phase: int
    branch_id: str
    token: Token
    claim: str  # run id and clear number: who may follow or harvest a container
    remote: Remote
    repo: GitRepo  # private to this start
    client: DockerClient
    here: Settings
    say: Callable[[str], None]  # a line of the branch's story
    secrets: Callable[[AgentProfile], dict[str, str]]  # values by variable; asked only when an agent starts
    completed: Callable[[AgentProfile], AgentProfile] = lambda profile: profile  # by the connection of its key
    cleared: bool = False  # a person has Cleared the task: it is tried at once
    way_out: Callable[[], WayOut] = WayOut  # of gateways and agents; asked only when an agent starts
    shared_key: Callable[[], str] = str  # what all workers encrypt with; empty: each with its own
    looked: Callable[[Snapshot], None] = lambda _: None  # told of each reading of the phase
    heard: Heard | None = None  # None: nobody else has shown anything, or all of it
    fleet: Fleet = NO_FLEET  # further engines, of the engines file
    engine: str = ""  # name there of the engine that `client` is of; empty: the worker's own

    def on(self, place: Place) -> Job:
        """Return the job on another engine."""
        return replace(self, client=place.client, engine=place.name)

    def at(self, engine: str) -> Job:
        """Return the job on the engine of this name in the engines file; empty: on the worker's own."""
        return self.on(self.fleet.place(engine)) if engine else self

    def everywhere(self) -> Iterator[Job]:
        """Yield the job on each engine that answers; only on its own where there is no engines file."""
        if not self.fleet.entries:
            yield self
        for place in self.fleet.places(self.say) if self.fleet.entries else ():
            yield self.on(place)

    def image(self, name: str, scheme: str) -> str:
        """Return which image a name means, on the first engine that has it: its own first.

        What one name means is one image on all engines, or `open_phase` would not have let the run begin.

        :raises ImageMissing: no engine has one of that name.
        """
        try:
            return image_under(self.client, name, scheme)
        except ImageMissing:
            for other in self.fleet.places() if self.fleet.entries else ():
                try:
                    return image_under(other.client, name, scheme)
                except ImageMissing:
                    continue
            raise


@dataclass(frozen=True)
class View:
    """A job and what the refs said when it looked.

    :param allowance: what the attempt that it starts has reserved of budgets that branches share.
    """

    job: Job
    snapshot: Snapshot
    ledger: Ledger  # as it is written, with no newer result folded in; see `record`
    run: RunRecord
    plan: PhasePlan
    branch: Branch
    allowance: Allowance | None = None

    @property
    def profile_name(self) -> str:
        """Return the name of the agent profile that builds this branch in this run."""
        name = self.run.agent or self.plan.profile_of(self.branch)
        if name is None:
            raise Bug(f"{self.branch.id}: the pinned plan names no agent; `{PROGRAM} lint` should have refused it")
        return name

    @property
    def profile(self) -> AgentProfile:
        """Return that profile, as pinned."""
        return self.profile_named(self.profile_name)

    @property
    def gate_profile(self) -> AgentProfile:
        """Return the profile that gate containers use."""
        return gate_profile(self.plan, self.profile_named(self.plan.gates.profile or self.profile_name))

    @property
    def record(self) -> BranchRecord | None:
        """Return what is known of this branch, its newest results folded in."""
        return self.snapshot.record(self.branch.id)

    @property
    def verdicts(self) -> tuple[Verdict, ...]:
        """List the verdicts of this branch so far, oldest first."""
        return self.snapshot.verdicts.get(self.branch.id, ())

    def profile_named(self, name: str) -> AgentProfile:
        """Return a pinned profile."""
        pinned = self.snapshot.require_open().pinned
        if name not in pinned.profiles:
            raise Bug(f"agent profile {name!r} is not pinned in the ledger of phase {self.plan.phase}")
        return pinned.profiles[name]

    def inputs(self, workspace: str, scheme: str = schemes.CURRENT) -> dict[str, str]:
        """Compute what building this branch from a workspace depends on.

        :param scheme: see `inputs.ingredients`.
        """
        builder = Builder(
            named=self.plan.profile_of(self.branch) or "",
            profile=self.profile,
            gates=self.gate_profile,
            images=self.job.image,
        )
        start = Start(self.run.base, workspace)
        return ingredients(self.job.repo, self.snapshot, self.plan, self.branch, builder, start, scheme)

    def labels(self, attempt: int, role: Role) -> Labels:
        """Return the labels of a container of this branch."""
        return Labels(
            ledger=self.ledger.id,
            phase=self.plan.phase,
            branch=self.branch.id,
            attempt=attempt,
            claim=self.job.claim,
            role=role,
        )


@dataclass(frozen=True)
class Running:
    """A container is at work; wait for it, then step again."""

    container: str
    role: Role
    seconds: float  # time limit, from now
    secrets: tuple[tuple[str, str], ...] = ()  # variable and connection id of what to mask in its log
    gateway: bool = False  # whether it has one
    disk: int = 0  # bytes that it may write to the engine's disk; 0: nobody looks
    probe: bool = False  # its profile is paused: others wait for the first answer that it gets
    resumed: Pause | None = None  # that has just ended by such an answer
    engine: str = ""  # its engine's name in the engines file; empty: the worker's own


@dataclass(frozen=True)
class Done:
    """The branch has its verdict."""

    verdict: Verdict
    reused: bool = False
    pause: Pause | None = None  # of its profile, after this attempt; also one that has ended
    event: str = ""  # `paused` or `resumed`, if people are to hear of that
    shares: bool = False  # its plan has a budget that branches share, which may be near its end now


@dataclass(frozen=True)
class Again:
    """An attempt failed, or was lost without any fault of the branch, and the next is due: step again at once."""

    verdict: Verdict


@dataclass(frozen=True)
class Untouched:
    """This run is not about the branch."""
