"""Define the task that delivers a complete phase; whatever comes of it, the phase stays complete."""

from __future__ import annotations

from typing import Any

from airflow.sdk.exceptions import AirflowSkipException

from phaseplan.airflow.operators.faults import faults
from phaseplan.airflow.operators.forges import open_forge
from phaseplan.airflow.operators.phase import PhaseOperator
from phaseplan.airflow.operators.run import repository, token
from phaseplan.airflow.operators.telling import tell_delivery, tell_undelivered
from phaseplan.delivery.deliver import Delivering, Undelivered
from phaseplan.errors import Infrastructure, InputFault, Lasting
from phaseplan.plan import names


class DeliverOperator(PhaseOperator):
    """Push the finished phase, or open its pull request or bring it up to date."""

    ui_color = "#e3f2fd"

    def execute(self, context: Any) -> str:
        """Deliver; skip what is not complete, retry a forge that is away, and fail in words on everything else."""
        own = token(context)
        with faults(), repository(self.repository) as (remote, repo):
            job = Delivering(repo, remote, own, self.phase, open_forge, lambda text: self.log.info("%s", text))
            try:
                done = job.run()
            except Undelivered as error:
                raise AirflowSkipException(str(error)) from error
            except (Infrastructure, InputFault) as error:
                if isinstance(error, Lasting | InputFault):  # no further try follows
                    tell_undelivered(context, repo, remote, self.phase, error)
                self._note(context, f"not delivered: {error}")
                raise
            if done.news:
                tell_delivery(context, done)
        self._note(context, str(done.record) if done.record else done.message)
        self.log.info("%s", done.message)
        return done.message

    def _note(self, context: Any, text: str) -> None:
        """Hand a line to the plugin, which puts it into the run's note."""
        context["ti"].xcom_push(key=names.NOTE, value=text.splitlines()[0])
