"""One night in which something is killed in every phase: who, and when, a seed decides."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field

from tests.kills.engine import PrivateEngine
from tests.kills.parts import Strike, agents, strike
from tests.kills.place import Run

SPREAD = 12.0  # seconds after the first agent's start in which a kill comes


@dataclass
class Killer(threading.Thread):
    """Waits for the first agent of one phase, then for a random moment, then kills one part."""

    run_: Run
    phase: int
    part: str
    seed: int
    engine: PrivateEngine | None = None
    done: list[Strike] = field(default_factory=list)
    trouble: str = ""

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self.dice = random.Random(f"{self.part} {self.seed}")

    def run(self) -> None:
        """Kill once."""
        try:
            while not self._begun():
                assert self.run_.process.poll() is None, f"phase {self.phase} never had an agent"
                time.sleep(0.3)
            time.sleep(self.dice.uniform(0, SPREAD))
            self.done.append(strike(self.run_, self.phase, self.part, self.dice, self.engine))
            print(f"phase {self.phase}, seed {self.seed}: killed {self.done[0].victim}", flush=True)
        except Exception as error:  # the test that looks at this killer says it
            self.trouble = f"{type(error).__name__}: {error}"

    def _begun(self) -> bool:
        ledger = self.run_.target.ledger(self.phase)
        return ledger is not None and bool(agents(self.run_.docker_url, ledger["id"]))

    __hash__ = threading.Thread.__hash__
