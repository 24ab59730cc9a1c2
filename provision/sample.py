"""Make the sample repository that `make demo` works on: anew each time, so that a demo starts from nothing.

python3 -m provision.sample [--keep]
"""

from __future__ import annotations

import sys

from provision.common import TOP, ProvisionError, finish, run, say

REPOSITORY = TOP / ".phaseplan" / "demo" / "repository.git"


def main(argv: list[str]) -> int:
    """Make the sample repository; with `--keep` only where there is none yet."""
    if argv not in ([], ["--keep"]):
        raise ProvisionError(f"usage: {__doc__}")
    if argv and REPOSITORY.is_dir():
        return 0
    say(f"making the sample repository {REPOSITORY.relative_to(TOP)}")
    REPOSITORY.parent.mkdir(parents=True, exist_ok=True)
    run(sys.executable, str(TOP / "samples" / "create.py"), "kcp-lite", str(REPOSITORY), "--replace", quiet=True)
    return 0


if __name__ == "__main__":
    finish(main)
