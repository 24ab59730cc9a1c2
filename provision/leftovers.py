"""Run the tests and, if no other process uses the engine (CI), check that they leave no container, network or volume.

python3 -m provision.leftovers COMMAND...
"""

from __future__ import annotations

import os
import sys

from provision.common import finish, output, say
from provision.process import attend

#: Networks of attempts; the one that all agents share stays.
_NETWORKS = ("network", "ls", "-q", "--no-trunc", "--filter", "label=phaseplan.ledger")
_LISTS = {"container": ("ps", "-aq", "--no-trunc"), "network": _NETWORKS, "volume": ("volume", "ls", "-q")}


def present() -> set[tuple[str, str]]:
    """List everything on the engine that a test could leave: (kind, id)."""
    return {(kind, one) for kind, command in _LISTS.items() for one in (output("docker", *command) or "").split()}


def remove(left: set[tuple[str, str]]) -> None:
    """Name what was left behind and take it away; containers first, since they hold the others."""
    for kind, one in sorted(left):
        label = output("docker", kind, "inspect", one, "--format", "{{json .}}") or ""
        say(f"left behind: {kind} {one[:24]}: {label[:300]}")
        output("docker", kind, "rm", *(() if kind == "network" else ("--force",)), one)


def main(argv: list[str]) -> int:
    """Run the command; return its exit code, or 1 if it was 0 but something was left behind."""
    alone = bool(os.environ.get("CI"))
    before = present() if alone else set()
    code = attend(argv)
    left = present() - before if alone else set()
    remove(left)
    return code or int(bool(left))


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {__doc__}")
    finish(main)
