"""Where a step is played: by a worker that may die, with another one who may act in its middle."""

from __future__ import annotations

import os
import shutil
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from hypothesis.stateful import RuleBasedStateMachine

from phaseplan.errors import PhaseplanError
from phaseplan.ledger.records import Token
from phaseplan.phase.open import open_phase
from phaseplan.plan.model import PhasePlan
from phaseplan.wave.integrate import NotConserved, integrate
from tests.git.lab import PHASE
from tests.git.machine.builder import Order, build
from tests.git.machine.watch import Watch
from tests.git.machine.world import Died, Fault, Worker, World, template

GATE_RUNS = 60  # of one step, at most
COUNTS: Counter[str] = Counter()  # of all examples of this process


class Stage(RuleBasedStateMachine):
    """The world, the worker at work, and the tokens that runs were given."""

    hasty = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="phaseplan-machine-", dir="/dev/shm" if shm() else None))
        self.broken = False
        self.tokens: list[Token] = []
        self.run = 0
        self.claims: Counter[tuple[str, int]] = Counter()
        self.pending: dict[str, Order] = {}
        self.moves: list[object] = []
        self.files = 0  # of people
        self.copies = 0

    def begin_with(self, plan: PhasePlan) -> None:
        """A new target and a first worker."""
        self.plan = plan
        self.world = World.make(self.folder, template(self.folder))
        self.watch = Watch(self.world, plan)
        self.worker = self.world.worker()

    def play(self, name: str, step: Callable[[Worker], object], fault: Fault | None = None) -> object:
        """Carry out a step on the current worker. The error the step ended with is its result, where it ended so."""
        COUNTS[name] += 1
        self.broken = True  # until the invariants were asked
        worker = self.worker
        worker.arm(fault)
        worker.remote.meanwhile = worker.bench.meanwhile = self.meanwhile
        try:
            return step(worker)
        except Died as died:
            COUNTS["crashes"] += 1
            self.worker = self.world.worker()
            return died
        except NotConserved:
            raise
        except PhaseplanError as said:
            COUNTS[type(said).__name__] += 1
            return said
        finally:
            assert worker.remote.calls < 20 and worker.bench.calls <= GATE_RUNS, "I12: a step goes on and on"
            worker.arm(None)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Where an invariant may be found broken. `hasty`: the first one ends the process; nothing is played again."""
        try:
            yield
        except Exception as broken:
            if not self.hasty:
                raise
            traceback.print_exc()
            print("\n".join(map(str, (self.plan.waves, *self.moves))))
            print(f"FOUND {type(broken).__name__} {broken} after {COUNTS['steps']} steps", flush=True)
            shutil.rmtree(self.folder, ignore_errors=True)
            os._exit(1)

    def meanwhile(self, what: str) -> None:
        """Another machine does something in the middle of a step of this one."""
        COUNTS[f"meanwhile {what}"] += 1
        other, token = self.world.worker(), self.tokens[-1] if self.tokens else None
        try:
            if what == "open":
                self.run += 1
                self.tokens.append(self.open_on(other))
            elif what == "push":
                self.pushes_to_integration()
            elif token and what == "integrate":
                integrate(other.remote, other.repo, token, 1, other.bench, phase=PHASE)
            elif token and what == "build":
                build(self.world, other, token, Order(self.plan.waves[0].branches[0].id, ()), "meanwhile")
        except NotConserved:
            raise
        except PhaseplanError as said:
            COUNTS[f"meanwhile {type(said).__name__}"] += 1
        with self.asked():
            self.watch.look()  # what this one has decided must not be lost by what the first one does now

    def open_on(self, worker: Worker) -> Token:
        return open_phase(
            worker.remote, worker.repo, self.plan, {}, run_id=f"run-{self.run}", base_name="main", start="wave"
        )

    def holds(self, token: Token) -> bool:
        run = self.watch.look().ledger.get("run") or {}
        return (run.get("id"), run.get("epoch")) == (token.run, token.epoch)

    def wave(self, token: Token, wave: int) -> Callable[[Worker], object]:
        return lambda w: integrate(w.remote, w.repo, token, wave, w.bench, phase=PHASE)

    def unmoved(self, before: dict[str, str], why: str) -> None:
        moved = set(before.items()) ^ set(self.objects_refs().items())
        assert not moved, f"{why}: {sorted(moved)}"

    def objects_refs(self) -> dict[str, str]:
        return self.world.objects.refs()

    def pushes_to_integration(self, branch: str = "", number: int = 0) -> None:
        """See People."""
        raise NotImplementedError


def shm() -> bool:
    """Whether there is a file system in memory that is large enough: git waits for disks otherwise."""
    return Path("/dev/shm").is_dir() and shutil.disk_usage("/dev/shm").free > 1 << 30
