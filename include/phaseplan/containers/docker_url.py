"""Normalize the engine's address: `unix://var/run/docker.sock` lacks a slash that some clients need."""

from __future__ import annotations


def normal(url: str) -> str:
    """Return the address with an absolute socket path."""
    if url.startswith("unix://") and not url.startswith("unix:///"):
        return "unix:///" + url.removeprefix("unix://")
    return url
