"""Line 2: every gate command judges exactly the commit.

Was: all commands shared one container, so one command could rewrite the Makefile that the next one ran, remove the
file that it would have refused, or leave a process behind that did so.
Right: each command begins with a fresh copy of the commit in a container of its own; files and processes that a
command leaves are gone before the next. It costs about 0.3 s a command.
"""

from __future__ import annotations

import pytest

from tests.field.conftest import Gates

pytestmark = pytest.mark.docker


@pytest.fixture
def bad(gates: Gates) -> Gates:
    gates.work.commit({"verify": "#!/bin/sh\ntest ! -e bad.txt\n", "bad.txt": "bad\n"}, "Bring something bad")
    return gates


@pytest.mark.parametrize(
    "first",
    [
        "printf 'exit 0\\n' > verify",
        "rm bad.txt",
        "git rm -q bad.txt && git -c user.name=x -c user.email=x@localhost commit -qm gone",
        "setsid sh -c 'while sleep 0.2; do rm -f /workspace/bad.txt; done' >/dev/null 2>&1 & true",
        "mv /workspace/bad.txt /tmp && ln -s /tmp /workspace/elsewhere",
    ],
    ids=["rewrites the check", "removes the file", "commits", "leaves a process", "moves it away"],
)
def test_a_command_changes_nothing_for_the_next_one(bad: Gates, first: str) -> None:
    (found,) = bad.run(first, "sleep 0.5; sh verify")
    assert found.message.startswith("`sleep 0.5; sh verify` failed with exit code 1")


def test_a_command_leaves_nothing_outside_the_checkout(gates: Gates) -> None:
    left = "touch /tmp/left /dev/shm/left ~/left .git/left; git config alias.status '!true'"
    look = 'test -z "$(ls -d /tmp/left /dev/shm/left ~/left .git/left 2>/dev/null)$(git config alias.status)"'
    assert gates.run(left, look) == ()


def test_each_command_sees_a_clean_checkout_of_the_commit(gates: Gates) -> None:
    commit = gates.work.git("rev-parse", "HEAD")
    clean = f'test $(git rev-parse HEAD) = {commit} && test -z "$(git status --porcelain --ignored)"'
    assert gates.run(f"{clean}; code=$?; rm -rf * .git; exit $code", clean, clean) == ()
