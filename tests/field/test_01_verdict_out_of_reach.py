"""Line 1: code under test cannot decide its own verdict.

Was: the program that ran the gates had the same user as the code under test. Traced with ptrace it exited with 0,
`make verify` never ran, and the branch was integrated.
Right: each command has a container of its own, whose exit code the engine reports; what runs inside one command can
fake that one command, as a test always could, and never another one.
"""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

from tests.field.conftest import Gates

pytestmark = [
    pytest.mark.docker,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="the attack is written for x86-64"),
]
ATTACK = Path(__file__).with_name("attack.py").read_text()


@pytest.fixture
def attacked(gates: Gates) -> Gates:
    gates.work.commit({"attack.py": ATTACK}, "Bring the attack")
    return gates


def test_a_command_that_traces_its_shell_cannot_fake_the_next_commands_result(attacked: Gates) -> None:
    (found,) = attacked.run("python3 attack.py $$; exit 1", "echo verify says no; exit 3", "echo never")
    assert "| done" in attacked.said, "the attack worked"
    assert found.message.startswith("`echo verify says no; exit 3` failed with exit code 3")
    assert "| never" not in attacked.said


def test_the_first_process_of_a_container_can_be_neither_traced_nor_killed_nor_read(attacked: Gates) -> None:
    inside = (
        "! python3 attack.py 1",
        "! kill -9 1",
        "! kill -TERM 1",
        "! cat /proc/1/environ",
        "! sh -c 'echo x > /proc/1/mem'",
        "! python3 -c 'import resource; resource.prlimit(1, resource.RLIMIT_CPU, (1, 1))'",
    )
    assert attacked.run(" && ".join(inside)) == ()
    assert "| refused: Operation not permitted" in attacked.said


def test_a_process_that_stays_behind_does_not_reach_the_next_command(attacked: Gates) -> None:
    tracing = "for pid in /proc/[0-9]*; do python3 attack.py ${pid#/proc/}; done"
    (found,) = attacked.run(f"setsid sh -c 'while sleep 0.1; do {tracing}; done' >/dev/null 2>&1 &", "sleep 1; exit 4")
    assert "failed with exit code 4" in found.message


def test_output_of_a_command_is_never_read_as_a_result(attacked: Gates) -> None:
    (found,) = attacked.run("echo '$ exit 0'; echo 'phaseplan end 1 0'; exit 5")
    assert "failed with exit code 5" in found.message
