"""`phaseplan agents`: list the coding agents that have an image, build one, and try a profile before the night."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.images import build_named, print_table, short_id
from phaseplan.cli.lint import default_agents
from phaseplan.config.settings import settings
from phaseplan.errors import InputFault
from phaseplan.plan.presets import PRESETS

if TYPE_CHECKING:
    from docker import DockerClient

    from phaseplan.plan.agents import AgentProfile

HELP = "list coding agents that have an image, build one, check a profile with one real task"
ACTIONS = ("list", "build", "check")


def register(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `agents`."""
    parser.add_argument("action", choices=ACTIONS, help="list agents and profiles, build an image, check a profile")
    parser.add_argument("name", metavar="NAME", nargs="?", help="build: an agent; check: a profile of the agents file")
    parser.add_argument("--agents", metavar="FILE", type=Path, help="agent profiles; default: include/agents.yaml")
    parser.epilog = "`check` starts the profile's agent with its real key on one small task, which costs a few cents."


def run(args: argparse.Namespace) -> int:
    """List, build or check; 1 when a check fails by the profile's fault."""
    from phaseplan.containers.engine import connect

    client = connect(settings().docker_url)
    try:
        if args.action == "list":
            return _list(client, _profiles(args.agents))
        if args.name is None:
            raise InputFault(
                f"phaseplan agents {args.action} needs a NAME: `phaseplan agents list` says which there are"
            )
        if args.action == "build":
            return _build(client, args.name)
        from phaseplan.cli.agent_check import check

        profiles = _profiles(args.agents)
        if args.name not in profiles:
            raise InputFault(f"no agent profile {args.name!r}; there are: {', '.join(sorted(profiles)) or 'none'}")
        return check(client, args.name, profiles[args.name])
    finally:
        client.close()


def _profiles(path: Path | None) -> Mapping[str, AgentProfile]:
    from phaseplan.plan.campaign import load_profiles
    from phaseplan.plan.lint import render

    profiles, _, found = load_profiles(path or default_agents())
    if wrong := next((d for d in found if d.is_error), None):
        raise InputFault(f"{render.head(wrong)}\nthe agents file must lint without errors first: phaseplan lint")
    return profiles


def _list(client: DockerClient, profiles: Mapping[str, AgentProfile]) -> int:
    rows = [[p.name, p.title, p.version, p.key, short_id(client, p.image) or "not built"] for p in PRESETS.values()]
    print_table(["use", "agent", "version", "key", "image"], *rows)
    if named := [_row(name, profile) for name, profile in sorted(profiles.items()) if profile.use]:
        print()
        print_table(["profile", "use", "model", "endpoint"], *named)
    return 0


def _row(name: str, profile: AgentProfile) -> list[str]:
    """Say of one profile what it names itself, and which connection is asked for the rest."""
    source = profile.model_source
    unsaid = f"of connection {source.connection}, or the usual" if source else "the usual"
    return [name, str(profile.use), profile.model or unsaid, profile.endpoint or unsaid]


def _build(client: DockerClient, name: str) -> int:
    if name not in PRESETS:
        raise InputFault(f"no agent {name!r}; there are: {', '.join(PRESETS)}")
    build_named(client, name)
    return 0
