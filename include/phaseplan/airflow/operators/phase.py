"""Define the three tasks that move a phase's ledger: open, integrate, close."""

from __future__ import annotations

import contextlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from airflow.sdk import AssetAlias, BaseOperator
from airflow.sdk.exceptions import AirflowFailException, DownstreamTasksSkipped

from phaseplan.airflow.addresses import board_url
from phaseplan.airflow.compile.schedule import asset_of
from phaseplan.airflow.operators import metrics
from phaseplan.airflow.operators.digest import tell_night
from phaseplan.airflow.operators.engines import fleet
from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.forges import open_forge
from phaseplan.airflow.operators.run import made_job, pulled_token, repository, target, token
from phaseplan.airflow.operators.secrets import check_secrets, way_out
from phaseplan.airflow.operators.telling import tell_landing, tell_phase, tell_wave
from phaseplan.attempt.job import Job
from phaseplan.attempt.sweep import sweep
from phaseplan.config import origins
from phaseplan.config.engines import engines
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import settings
from phaseplan.containers.engine import connect
from phaseplan.delivery.deliver import look_again
from phaseplan.errors import Infrastructure, InputFault, Stale
from phaseplan.ledger.old_transcripts import forget_old
from phaseplan.ledger.records import Ledger
from phaseplan.ledger.run_note import with_link
from phaseplan.ledger.write import Snapshot, read
from phaseplan.merging.base import resolve_base
from phaseplan.phase.close import close_phase
from phaseplan.phase.engines import check_engines, check_queues
from phaseplan.phase.isolating import isolate
from phaseplan.phase.open import Seen, take_over
from phaseplan.phase.preflight import Ahead, check_budgets, check_names, check_target
from phaseplan.phase.renew import NightRed
from phaseplan.phase.task import renew
from phaseplan.plan import names
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.model import PhasePlan
from phaseplan.plan.run_request import RunRequest
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.text.program import PROGRAM
from phaseplan.wave.task import WaveTask


class PhaseOperator(BaseOperator):
    """Define a task that knows its phase and where the repository may be."""

    def __init__(self, *, phase: int, repository: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.phase = phase
        self.repository = repository


class OpenPhaseOperator(PhaseOperator):
    """Reconcile what a dead run left, pin base and plan in the ledger, hand out the run's token.

    Then it decides about what earlier runs have integrated: reused, gated again, or taken out to be built anew.
    """

    ui_color = "#fff3e0"

    def execute(self, context: Any) -> None:
        """Push the token; in wave mode skip `start_by_dependencies`, so that waves wait for waves."""
        with faults():
            asked = RunRequest.read(context["params"])
            held = check_target(target(self.repository))
        with faults(), repository(self.repository) as (remote, repo):
            file, plan, profiles = _pinned(self.phase)
            ahead = _ahead(plan, profiles, asked)
            check_queues(engines(), ahead, profiles)
            base = self._look_ahead(remote, repo, held, ahead, asked.base)
            found = read(repo, remote, self.phase, listed=held)
            delivered = found.delivery
            found = look_again(repo, remote, found, plan.deliver, base, open_forge, self.log.info)
            tell_landing(context, plan, delivered, found.delivery)
            before, built_by = found.ledger, {v.agent for vs in found.verdicts.values() for v in vs}
            needed = _needed(plan, profiles, {asked.agent, *built_by})
            run_id = context["dag_run"].run_id
            opened = take_over(remote, repo, plan, needed, run_id, asked, Seen(base, found))
            made, now = opened.token, opened.snapshot
            _remember(remote.url, plan, file)
            job = made_job(context, self, "", made, remote, repo)
            if before is not None and before.run is not None and before.run.epoch < made.epoch:
                now = sweep(job, opening=True, snapshot=now)
            if asked.isolate:
                isolate(job, asked.isolate, "a run was asked to")
                now = read(repo, remote, self.phase)
            try:
                renew(job, now)
            except NightRed:
                tell_night(context, repo, remote, self.phase)
                raise
            metrics.looked(now)
        self.log.info("Phase %s is open on base %s (epoch %s).", self.phase, made.base, made.epoch)
        context["ti"].xcom_push(key="return_value", value=made.model_dump(mode="json"))
        if asked.start == "wave":
            raise DownstreamTasksSkipped(tasks=[names.BY_DEPENDENCIES])

    def _look_ahead(self, remote: Remote, repo: GitRepo, held: dict[str, str], ahead: Ahead, base: str) -> str:
        """Report before any agent starts whatever would keep the run from its end. Return the commit of the base."""
        configured = settings()
        check_names(remote, held, ahead)
        check_budgets(ahead)
        for line in check_secrets(ahead.profiles):
            self.log.info("Taken from Airflow: %s.", line)
        if any(profile.network != "none" for profile in ahead.profiles.values()):
            way_out()
        commit = resolve_base(remote, repo, ahead.plan, base, listed=held)
        with contextlib.closing(connect(configured.docker_url)) as client:
            every = fleet(client)
            check_engines(every, ahead, (configured.collector_image, configured.gateway_image), self.log.info)
            every.close()
        self.log.info("Looked ahead: git can make the names, the engine has the images, the secrets have values.")
        return commit


class IntegrateOperator(PhaseOperator):
    """Settle a wave's branches, merge what passed, regenerate, gate, publish."""

    ui_color = "#f3e5f5"

    def __init__(self, *, wave: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.wave = wave

    def execute(self, context: Any) -> dict[str, Any]:
        """Integrate; fail on a red wave gate (no retry) or infrastructure (retry), else succeed."""
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            done = WaveTask(made_job(context, self, "", own, remote, repo), self.wave).integrate()
            tell_wave(context, self.wave, done)
            metrics.looked(done.seen)
        return {"head": done.head, "merged": list(done.merged), "isolated": list(done.isolated)}


class ClosePhaseOperator(PhaseOperator):
    """Fail unless every selected branch is integrated; the message names what is out and what to do."""

    ui_color = "#fff3e0"

    def execute(self, context: Any) -> str:
        """Close the phase and return the closing message."""
        own = pulled_token(context)
        if own is None:
            raise AirflowFailException(
                f"{names.OPEN} did not open phase {self.phase}, so nothing was built. "
                f"Read the log of {names.OPEN} (or of the task before it), mend the cause, then Clear that task."
            )
        with faults(), repository(self.repository) as (remote, repo):
            closing = close_phase(repo, remote, own, phase=self.phase)
            self._put_away(made_job(context, self, "", own, remote, repo), closing.seen)
            self._forget(remote, repo, closing.seen)
            tell_phase(context, closing)
            if closing.fresh:
                known = closing.seen.pinned if closing.seen else None
                tell_night(context, repo, remote, self.phase, known.plan if known else None)
            metrics.looked(closing.seen)
            if closing.complete:
                self._emit(context, closing.seen.ledger if closing.seen else None)
        # The plugin makes it the run's note.
        context["ti"].xcom_push(key=names.NOTE, value=with_link(closing.note, board_url(self.phase)))
        self.log.info("%s", closing.message)
        if not closing.ok:
            raise AirflowFailException(closing.message)
        return closing.message

    def _put_away(self, job: Job, seen: Snapshot | None) -> None:
        """Clean up agents that a dead run began and no task of this one took over."""
        try:
            sweep(job, snapshot=seen)
        except (Infrastructure, Stale) as error:
            self.log.warning("What may be left on the engine could not be looked at: %s", error)

    def _forget(self, remote: Remote, repo: GitRepo, seen: Snapshot | None) -> None:
        """Delete from the target what the agents of old runs said; no run is red because a target forbids that."""
        try:
            gone = forget_old(repo, remote, seen, settings().transcript_runs) if seen else 0
        except Infrastructure as error:
            self.log.warning("What the agents of old runs said stays in the target: %s", error)
        else:
            if gone:
                self.log.info("Deleted what agents of old runs said: %s transcripts (`transcript_runs`).", gone)

    def _emit(self, context: Any, ledger: Ledger | None) -> None:
        """Wake the phases that wait for this one: the alias is always an outlet, its asset gets an event only now."""
        for outlet in self.outlets:
            if isinstance(outlet, AssetAlias) and ledger is not None and ledger.run is not None:
                extra: dict[str, Any] = {"phase": self.phase, "run": ledger.run.id, "integration": ledger.integration}
                context["outlet_events"][outlet].add(asset_of(self.phase), extra=extra)


def _pinned(phase: int) -> tuple[Path, PhasePlan, dict[str, AgentProfile]]:
    """Read the phase's plan with its file, and all profiles, as the files are now."""
    configured = settings()
    campaign = load_valid(plan_files(configured.plans), configured.agents)
    for loaded in campaign.plans:
        if loaded.plan.phase == phase:
            return loaded.path, loaded.plan, dict(campaign.profiles)
    raise InputFault(f"no valid plan for phase {phase} in {configured.plans}: run `{PROGRAM} lint`")


def _remember(url: str, plan: PhasePlan, file: Path) -> None:
    """Record for `reintegrate` which file the plan is from, unless a `run` has recorded the file this one is copied
    from."""
    configured = settings()
    known = origins.find(configured.state, url, plan.phase)
    if known is None or not known.gave(plan):
        origins.keep(configured.state, url, plan, file, configured.agents)


def _ahead(plan: PhasePlan, profiles: dict[str, AgentProfile], asked: RunRequest) -> Ahead:
    """List what the run is about to do; branches that no plan has are left to `open_phase`, which names them."""
    chosen = [b for b in asked.branches or plan.by_id if b in plan.by_id and b not in asked.isolate]
    names = {asked.agent or plan.profile_of(plan.by_id[b]) for b in chosen} | {plan.gates.profile}
    return Ahead(plan, chosen, {name: profile for name, profile in profiles.items() if name in names}, asked.agent)


def _needed(
    plan: PhasePlan, profiles: dict[str, AgentProfile], others: Collection[str | None]
) -> dict[str, AgentProfile]:
    """Select the profiles this run may use, or compares with: the run's own, and those of integrated work."""
    wanted = {*others, plan.gates.profile, plan.agent, *(plan.profile_of(branch) for branch in plan)}
    return {name: profile for name, profile in profiles.items() if name in wanted}
