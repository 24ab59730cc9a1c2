"""Hold what runs have written down about a phase, or that no run has ever opened it."""

from __future__ import annotations

from dataclasses import dataclass

from phaseplan.errors import Bug
from phaseplan.ledger.records import Ledger, Pinned, RunRecord
from phaseplan.plan.model import PhasePlan


@dataclass(frozen=True)
class Unopened:
    """Stand for a phase that no run has ever opened: there is no ledger, and nothing that one would hold."""

    ledger: None = None
    run: None = None
    pinned: None = None
    commit: None = None


@dataclass(frozen=True)
class OpenPhase:
    """Hold what runs have written down about a phase: never one part of it without the others.

    :param ledger: as it is stored; `Snapshot.folded` is it with the results that are newer.
    :param commit: the ledger's.
    """

    ledger: Ledger
    pinned: Pinned
    commit: str | None = None

    @property
    def run(self) -> RunRecord:
        """Return the run that holds the phase, or held it last."""
        if self.ledger.run is None:
            raise Bug(f"the ledger of phase {self.ledger.phase} names no run")
        return self.ledger.run

    @property
    def plan(self) -> PhasePlan:
        """Return the plan of that run."""
        return self.pinned.plan
