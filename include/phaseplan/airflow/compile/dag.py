"""Build the task graph of one phase (docs/architecture.md, "One run")."""

from __future__ import annotations

from datetime import timedelta

from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, TriggerRule
from airflow.sdk.bases.operator import BaseOperator
from airflow.sdk.definitions.param import ParamsDict

from phaseplan.airflow.addresses import board_url
from phaseplan.airflow.compile.docs import doc_md
from phaseplan.airflow.compile.options import Options
from phaseplan.airflow.compile.params import form
from phaseplan.airflow.compile.schedule import completion, schedule
from phaseplan.airflow.compile.weights import weights
from phaseplan.airflow.operators.approving import ApproveOperator, BuildAgainOperator
from phaseplan.airflow.operators.branch_build import BranchBuildOperator
from phaseplan.airflow.operators.callbacks import branch_failed, branch_retries
from phaseplan.airflow.operators.deliver import DeliverOperator
from phaseplan.airflow.operators.phase import ClosePhaseOperator, IntegrateOperator, OpenPhaseOperator
from phaseplan.airflow.operators.retrying import BRANCH_RETRIES, RETRIES, SLOWEST, ByCause
from phaseplan.airflow.sensors.phase_complete import PhaseCompleteSensor
from phaseplan.ledger.approval.approvals import OPENING, WHOLE, of_wave, points, task_of
from phaseplan.plan import names
from phaseplan.plan.model import Branch, PhasePlan, Wave


def compile_plan(plan: PhasePlan, options: Options) -> DAG:
    """Make the DAG that carries a plan out.

    The edges allow both start modes: the first task of a later wave, `wave_N.start`, needs one of the
    previous `integrate` and `start_by_dependencies`, which `open_phase` skips in wave mode.
    """
    start = options.start or plan.start
    with DAG(
        dag_id=names.dag_id(plan.phase),
        dag_display_name=_shown(f"Phase {plan.phase}: {plan.title}"),
        schedule=schedule(plan, options.timezone) if options.schedules else None,
        catchup=False,
        max_active_runs=1,
        auto_register=False,  # half a DAG, or one that is only tried, is nobody's
        tags=["phaseplan", f"phase-{plan.phase}"],
        doc_md=None if options.task else doc_md(plan, limited=options.pools, board=board_url(plan.phase)),
        default_args={"owner": "phaseplan", "weight_rule": "absolute", **_retries(options)},
    ) as dag:
        _Graph(plan, options).build()
    # Last: Airflow copies a DAG's parameters into every task made after them, three times each.
    dag.params = ParamsDict(form(plan, options.profiles.keys(), start))
    return dag


def _retries(options: Options) -> dict[str, object]:
    """Set Airflow's retries: a budget for infrastructure, and for nothing else; the cause says how many of them."""
    return {
        "retries": RETRIES,
        "retry_policy": ByCause(options.retry_delay),
        "retry_exponential_backoff": 2.0,  # these three hold where a process died and no policy was asked
        "retry_delay": timedelta(seconds=options.retry_delay),
        "max_retry_delay": timedelta(seconds=SLOWEST),
    }


def _shown(text: str) -> str:
    """Cut what is only shown to 250 characters: the database holds 2,000 of it, and pages show fewer."""
    return text if len(text) <= 250 else f"{text[:249]}…"


class _Graph:
    """Build the tasks of one plan inside the DAG that is open."""

    def __init__(self, plan: PhasePlan, options: Options) -> None:
        self.plan = plan
        self.options = options
        self.weights = weights(plan, options.start)
        self.count = len(self.weights)
        self.branches: dict[str, BaseOperator] = {}
        self.questions: list[BaseOperator] = []  # tasks that ask a person

    def build(self) -> None:
        plan, repository = self.plan, self.plan.repository
        opened = OpenPhaseOperator(
            task_id=names.OPEN, phase=plan.phase, repository=repository, priority_weight=2 * self.count + 2
        )
        for phase in dict.fromkeys(plan.depends_on):
            opened.set_upstream(
                PhaseCompleteSensor(task_id=names.await_task(phase), phase=phase, repository=repository)
            )
        begun = self._asked(OPENING, opened)
        freely = EmptyOperator(task_id=names.BY_DEPENDENCIES)
        freely.set_upstream(begun)
        integrate: BaseOperator | None = None
        for wave in plan.waves:
            integrate = self._wave(wave, (opened, begun), freely, integrate)
        if integrate is not None:
            integrate = self._asked(WHOLE, integrate, opened)
        close = ClosePhaseOperator(
            task_id=names.CLOSE,
            phase=plan.phase,
            repository=repository,
            trigger_rule=TriggerRule.ALL_DONE,
            priority_weight=2 * self.count + 1,
            outlets=[completion(plan.phase)] if self.options.schedules else [],
        )
        close.set_upstream([t for t in (opened, integrate) if t is not None])
        if plan.deliver.wanted:  # only behind a green close: what is not complete is not delivered, and the run is red
            deliver = DeliverOperator(task_id=names.DELIVER, phase=plan.phase, repository=repository)
            deliver.doc_md = f"Delivers the complete phase: {plan.deliver}"
            deliver.set_upstream(close)
        if self.questions and self.options.schedules:  # else a run begins by hand only
            again = BuildAgainOperator(
                task_id=names.AGAIN, phase=plan.phase, repository=repository, trigger_rule=TriggerRule.ALL_DONE
            )
            again.set_upstream(self.questions)

    def _asked(self, point: str, before: BaseOperator, opened: BaseOperator | None = None) -> BaseOperator:
        """Add the task that asks a person at a point, where the plan wants that; return what comes last."""
        if point not in points(self.plan):
            return before
        task = ApproveOperator(
            task_id=task_of(point).rpartition(".")[2],
            plan=self.plan,
            point=point,
            trigger_rule=TriggerRule.ALL_DONE,
            task_display_name=_shown(f"approve {point}"),
        )
        task.set_upstream([t for t in (opened, before) if t is not None])
        self.questions.append(task)
        return task

    def _wave(
        self,
        wave: Wave,
        opening: tuple[BaseOperator, BaseOperator],
        freely: BaseOperator,
        before: BaseOperator | None,
    ) -> BaseOperator:
        """Add one task group; return its last task: `integrate`, or the question about it.

        :param opening: the task that opened the phase, and the one after which agents may begin.
        """
        opened, gate = opening
        with TaskGroup(names.group_id(wave.wave), tooltip=_shown(wave.title)):
            if before is not None:
                gate = EmptyOperator(task_id="start", trigger_rule=TriggerRule.ONE_DONE)
                gate.set_upstream([before] if isinstance(before, ApproveOperator) else [before, freely])
            branches = self._wanted(wave)
            for branch in branches:
                self._branch(branch)
            integrate = IntegrateOperator(
                task_id="integrate",
                phase=self.plan.phase,
                wave=wave.wave,
                repository=self.plan.repository,
                trigger_rule=TriggerRule.ALL_DONE,
                priority_weight=self.count + 1 + len(self.plan.waves) - wave.wave,
            )
            asked = self._asked(of_wave(wave.wave), integrate, opened)
        # One call a task: Airflow hashes the whole DAG in each.
        always = [opened] if gate is opened else [opened, gate]
        for branch in branches:
            needed = [self.branches[d] for d in dict.fromkeys(branch.depends_on) if d in self.branches]
            self.branches[branch.id].set_upstream([*always, *needed])
        own = [self.branches[branch.id] for branch in branches]
        integrate.set_upstream([opened, *own] if before is None else [opened, before, *own])
        return asked

    def _wanted(self, wave: Wave) -> list[Branch]:
        """Leave out branches that this process is not for: what it starts with costs the same among 200 as among 10."""
        asked = self.options.task
        return [b for b in wave.branches if asked in (None, names.branch_task_id(self.plan, b.id))]

    def _branch(self, branch: Branch) -> None:
        profile = self.options.profiles.get(self.plan.profile_of(branch) or "")
        queue = self.options.queues.get(self.plan.profile_of(branch) or "")
        task = BranchBuildOperator(
            task_id=names.branch_task(branch),
            phase=self.plan.phase,
            branch=branch.id,
            repository=self.plan.repository,
            image=profile.image if profile else "pinned when the phase opens",
            command=list(profile.command) if profile else None,
            deferrable=self.options.deferrable,
            trigger_rule=TriggerRule.ALL_DONE,
            pool=names.pool(self.plan) if self.options.pools else None,
            priority_weight=self.weights[branch.id],
            task_display_name=_shown(f"{branch.id} {branch.slug}"),
            doc_md=f"`{branch.branch}`: {branch.title}",
            retries=BRANCH_RETRIES,
            retry_policy=ByCause(self.options.retry_delay, BRANCH_RETRIES),
            on_failure_callback=branch_failed,
            on_retry_callback=branch_retries,
            **({"queue": queue} if queue else {}),
        )
        self.branches[branch.id] = task
