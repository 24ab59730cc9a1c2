"""Whether there was a reason (I4): whoever is out failed, conflicts, or makes a gate red. Found out anew."""

from __future__ import annotations

from typing import Any

from phaseplan.plan.model import PhasePlan
from tests.git.machine.world import Gate, World, conflict

GENERATED, UNION = "gen/", ("list",)


class Evidence:
    """Checks each isolation once, when a ledger first says it."""

    def __init__(self, world: World, plan: PhasePlan) -> None:
        self.world, self.plan, self.objects = world, plan, world.objects
        self._held: dict[str, frozenset[str]] = {}
        self.reverted: set[str] = set()  # branches whose work has to be put back first, which may conflict too

    def isolations(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """Every branch that a ledger puts out and the one before it did not."""
        old = before.get("branches", {})
        for branch, record in after.get("branches", {}).items():
            was = old.get(branch, {})
            if record["cause"] == "taken_out":
                continue  # asked for by a person: see Watch
            if record["state"] == "isolated" and self._new(was, record):
                self._isolated(branch, record, before, after)
            if record["rejected"] > was.get("rejected", 0):
                self._out(branch, record["rejected"], before, after)
            if record["state"] in ("blocked", "cancelled", "unfinished") and self._new(was, record):
                self._said(branch, record)

    def _new(self, was: dict[str, Any], record: dict[str, Any]) -> bool:
        return any(was.get(k) != record[k] for k in ("state", "attempt", "gating"))

    def _isolated(self, branch: str, record: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
        assert record["verdict"] is not None, f"I4: {branch} is isolated and nothing was judged"
        self._out(branch, record["attempt"], before, after)

    def _out(self, branch: str, attempt: int, before: dict[str, Any], after: dict[str, Any]) -> None:
        work = next(w for w in self.world.works.values() if (w.branch, w.attempt) == (branch, attempt))
        if work.outcome != "passed":
            return
        head = next(c for c, w in self.world.works.items() if w is work)
        assert self._conflicts(head, before, after) or self._gates(head) or branch in self.reverted, (
            f"I4: attempt {attempt} of {branch} passed, conflicts with nothing and makes no gate red, and is out: "
            f"{after['branches'][branch]['reason']}"
        )

    def _conflicts(self, head: str, before: dict[str, Any], after: dict[str, Any]) -> bool:
        """Whether it conflicts with a commit of the chain that was merged instead."""
        old = before.get("integration") or after["run"]["base"]
        new = after.get("integration") or after["run"]["base"]
        tips = [old] if new == old else [old, *self.objects.line(new, old)]
        for tip in tips:
            paths = conflict(self.world, UNION, tip, head)
            if any(not p.startswith(GENERATED) for p in paths):
                return True
        return False

    def _gates(self, head: str) -> bool:
        """Whether some merge is green, and red with nothing but this branch's work added, by what the commits hold."""
        red = [self._works(g) for g in self.world.gates if not g.green and not g.lied]
        fine = [self._works(g) for g in self.world.gates if g.green]
        own = {c for c, w in self.world.works.items() if w.branch == self.world.works[head].branch}
        others = {works - own for works in fine if head not in works}
        return any(head in works and works - own in others for works in red)

    def _works(self, gate: Gate) -> frozenset[str]:
        """The attempts whose work a gated commit holds, abandoned ones of the same branch included."""
        if gate.commit not in self._held:
            reached = gate.repo.run("rev-list", gate.commit).out.split()
            self._held[gate.commit] = frozenset(self.world.works.keys() & set(reached))
        return self._held[gate.commit]

    def _said(self, branch: str, record: dict[str, Any]) -> None:
        """Blocked, cancelled and unfinished are what an attempt came to, or that it left no result."""
        work = next(
            (w for w in self.world.works.values() if (w.branch, w.attempt) == (branch, record["attempt"])), None
        )
        said = work.outcome if work and record["verdict"] else "unfinished"
        assert record["state"] == said, f"{branch} is {record['state']}, its attempt was {said}"
