"""Define the one exception root. A class says who must act; the exit code follows from that."""

from __future__ import annotations


class PhaseplanError(Exception):
    """Root of everything Phaseplan raises on purpose. The message is for people."""

    exit_code = 2


class InputFault(PhaseplanError):
    """The author of the plan, the profile or the command line must act."""

    exit_code = 1


class Infrastructure(PhaseplanError):
    """The operator of the system must act: engine, registry, disk, network, remote. Worth a retry."""


class Lasting(Infrastructure):
    """The operator of the system must act, and until then every retry would end in the same way: none is made."""


class Stale(PhaseplanError):
    """A newer run holds the ledger; a task that sees this touches nothing more."""


class Bug(PhaseplanError):
    """Phaseplan itself is at fault."""
