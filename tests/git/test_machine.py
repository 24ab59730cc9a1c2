"""The invariants I1 to I13 as a state machine, and the proof that it finds faults."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.git.machine.mutations import ALL

EXAMPLES = int(os.environ.get("PHASEPLAN_MACHINE_EXAMPLES", "2"))  # of each process; `make soak` plays 24
STEPS = int(os.environ.get("PHASEPLAN_MACHINE_STEPS", "30"))  # of each example
SEED = int(os.environ.get("PHASEPLAN_MACHINE_SEED", "1"))
PROCESSES = 2
MUTATED = 30  # examples within which a fault must be found
#: Every so many of the faults is built in; `make soak` builds in all of them.
SHARE = int(os.environ.get("PHASEPLAN_MACHINE_FAULTS", "4"))


def machine(*arguments: str) -> tuple[int, str]:
    """Play the machine in a process of its own; its exit code and what it said."""
    command = [sys.executable, "-m", "tests.git.machine", "--steps", str(STEPS), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.timeout(1800)
def test_every_invariant_holds_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    """One process per core. Each says its seed and how often it played what."""
    seeds = [str(SEED + n) for n in range(PROCESSES)]
    with ThreadPoolExecutor(PROCESSES) as pool:
        said = list(pool.map(lambda s: machine("--seed", s, "--examples", str(EXAMPLES)), seeds))
    with capsys.disabled():
        print("\n" + "\n".join(line for _, text in said for line in text.splitlines() if line.startswith("seed ")))
    assert [code for code, _ in said] == [0] * PROCESSES, "\n".join(text for _, text in said)


@pytest.mark.timeout(1800)
def test_the_machine_finds_what_is_broken_on_purpose() -> None:
    def play(name: str) -> str:
        _, text = machine("--hasty", "--mutation", name, "--seed", str(ALL[name].seed), "--examples", str(MUTATED))
        return next((line for line in text.splitlines() if line.startswith("FOUND ")), text[-2000:])

    chosen = list(ALL)[SEED % SHARE :: SHARE]
    with ThreadPoolExecutor(PROCESSES) as pool:
        found = dict(zip(chosen, pool.map(play, chosen), strict=True))
    print("\n" + "\n".join(f"{name}: {said[:120]}" for name, said in found.items()))
    missed = {name: said for name, said in found.items() if not any(word in said for word in ALL[name].said)}
    assert missed == {}
