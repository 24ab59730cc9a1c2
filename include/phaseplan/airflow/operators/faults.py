"""Translate our errors for Airflow: who must act decides between retry, failure and skip."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

from phaseplan.attempt.job import NotReady
from phaseplan.containers.engines.room import EngineFull
from phaseplan.errors import Infrastructure, Lasting, PhaseplanError, Stale
from phaseplan.ledger.approval.approvals import NotApproved
from phaseplan.ledger.approval.asking import AskAgain
from phaseplan.ledger.money.budgets import BudgetHeld, BudgetSpent
from phaseplan.ledger.run import WaveNotReached
from phaseplan.merging.workspace import DependencyOut
from phaseplan.repository.disk import of_error


@contextmanager
def faults() -> Iterator[None]:
    """Translate errors for Airflow: infrastructure is retried (`retrying` says when) unless a retry cannot help; a
    fault of the input or of ours fails; a stale or unready task skips."""
    try:
        yield
    except (Stale, NotReady, NotApproved, DependencyOut, WaveNotReached, BudgetSpent) as error:
        raise AirflowSkipException(str(error)) from error
    except Lasting as error:
        raise AirflowFailException(str(error)) from error
    except (BudgetHeld, EngineFull) as error:
        raise AirflowException(f"no attempt is consumed: {error}") from error
    except AskAgain as error:
        raise AirflowException(f"asked once more: {error}") from error
    except Infrastructure as error:
        raise AirflowException(f"infrastructure, no attempt is consumed: {error}") from error
    except OSError as error:
        if (full := of_error(error)) is None:
            raise
        raise AirflowException(f"infrastructure, no attempt is consumed: {full}") from full
    except PhaseplanError as error:
        raise AirflowFailException(str(error)) from error
