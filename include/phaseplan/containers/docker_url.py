"""One spelling of the engine's address: `unix://var/run/docker.sock` has a slash too few for some clients."""

from __future__ import annotations


def normal(url: str) -> str:
    """The address with an absolute socket path."""
    if url.startswith("unix://") and not url.startswith("unix:///"):
        return "unix:///" + url.removeprefix("unix://")
    return url
