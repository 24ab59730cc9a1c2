"""Show at once why a task failed or is tried again, so that its log file need not be opened."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from phaseplan.cli.local_airflow.api import TaskState
from phaseplan.ledger.pause.pauses import says_paused
from phaseplan.plan import names
from phaseplan.plan.model import PhasePlan

_SAID = {"up_for_retry": "failed, and Airflow tries it again", "failed": "failed"}


class Troubles:
    """Report the failed tasks of one phase, each try once.

    :param why: the last error that a task has logged; empty where there is none.
    """

    def __init__(self, plan: PhasePlan, why: Callable[[str], str]) -> None:
        self._plan, self._why = plan, why
        self._branches = {names.branch_task_id(plan, branch.id): branch.id for branch in plan}
        self._reported: set[tuple[str, str, int]] = set()

    def fresh(self, tasks: Sequence[TaskState]) -> Iterator[str]:
        """Yield what has failed since the last call.

        A branch that has failed for good, and what `close_phase` says, are in the ledger and told from there.
        """
        for task in tasks:
            final = task.state == "failed" and (task.task_id in self._branches or task.task_id == names.CLOSE)
            key = (task.task_id, task.state or "", task.tries)
            if task.state not in _SAID or final or key in self._reported:
                continue
            self._reported.add(key)
            subject = self._branches.get(task.task_id, task.task_id)
            reason = self._why(task.task_id)
            if task.state == "up_for_retry" and says_paused(reason):
                continue  # which is said once, for all branches of the profile
            yield f"Phase {self._plan.phase}: {subject} {_SAID[task.state]}" + (f": {reason}" if reason else ".")
