"""Plays the machine: `python -m tests.git.machine --seed 1 --examples 10 --steps 30`."""

from __future__ import annotations

import argparse
import time

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.git.machine.machine import Machine
from tests.git.machine.mutations import ALL
from tests.git.machine.stage import COUNTS


def play(number: int, examples: int, steps: int) -> None:
    """Examples of a seed; shrinking would repeat whole campaigns for minutes."""
    found = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    run_state_machine_as_test(seed(number)(Machine), settings=found)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=5)
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--mutation", choices=ALL, help="break the code on purpose first")
    parser.add_argument("--hasty", action="store_true", help="stop at the first fault, and replay nothing")
    given, began = parser.parse_args(), time.monotonic()
    Machine.hasty = given.hasty
    if given.mutation:
        ALL[given.mutation].build_in(pytest.MonkeyPatch())
    try:
        play(given.seed, given.examples, given.steps)
    finally:
        print(f"seed {given.seed}: {dict(sorted(COUNTS.items()))} in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
