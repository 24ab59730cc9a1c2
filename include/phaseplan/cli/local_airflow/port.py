"""Find a port for an API server that may die and start again on it."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from pathlib import Path

_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_IANA = 49152  # where ports begin that are given without a wish, where no such file says it
_FIRST = 10000
_TRIES = 50


def free_port() -> int:
    """Return a port that is free now, and that the system gives to no outgoing connection while its server is down.

    If another process takes it nevertheless, its server reports that and ends.
    """
    end = max(_first_outgoing(), _FIRST + _TRIES)
    for port in [*random.sample(range(_FIRST, end), _TRIES), 0]:
        with suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def _first_outgoing() -> int:
    try:
        return int(_RANGE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return _IANA
