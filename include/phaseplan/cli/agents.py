"""`phaseplan agents`: list the coding agents that have an image, build one, and try a profile before the night."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from phaseplan.cli.images import build_named, print_table, short_id, told_silent
from phaseplan.cli.lint import default_agents
from phaseplan.cli.sources.engines import OWN, every_engine
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
    words = "check: on this engine of the engines file; default: the first that fits the profile and answers"
    parser.add_argument("--engine", metavar="NAME", help=words)
    parser.epilog = (
        "`list` and `build` look at every engine. `check` starts the profile's agent with its real key on one small "
        "task, which costs a few cents."
    )


def run(args: argparse.Namespace) -> int:
    """List, build or check; 1 when a check fails by the profile's fault, 2 when an engine does not answer."""
    if args.name is None and args.action != "list":
        raise InputFault(f"phaseplan agents {args.action} needs a NAME: `phaseplan agents list` says which there are")
    if args.action == "build" and args.name not in PRESETS:
        raise InputFault(f"no agent {args.name!r}; there are: {', '.join(PRESETS)}")
    silent: list[str] = []
    with every_engine(silent.append) as clients:
        if args.action == "check":
            return _check(args, clients, silent)
        if args.action == "list":
            _list(clients, _profiles(args.agents))
        else:
            for engine, client in clients.items():
                build_named(client, args.name, engine)
    return 2 if told_silent(silent) else 0


def _check(args: argparse.Namespace, clients: Mapping[str, DockerClient], silent: Sequence[str]) -> int:
    """Check a profile on one engine, where an agent of it may be.

    :raises InputFault: there is no such profile or engine.
    :raises EngineUnreachable: no engine that fits answers.
    """
    from phaseplan.cli.agent_check import check
    from phaseplan.config.engines import engines, placed
    from phaseplan.containers.engine_errors import EngineUnreachable

    profiles = _profiles(args.agents)
    if args.name not in profiles:
        raise InputFault(f"no agent profile {args.name!r}; there are: {', '.join(sorted(profiles)) or 'none'}")
    fit = placed(engines(), args.name, profiles[args.name])
    names = [name if entry.url else OWN for name, entry in fit.items()] or [""]  # a queue's is the worker's own
    if args.engine and args.engine not in names:
        raise InputFault(f"profile {args.name} is for no engine {args.engine!r}, but for: {', '.join(fit) or OWN}")
    for name in [args.engine] if args.engine else names:
        if name in clients:
            print(f"On engine {name}:" if name else "", end="\n" if name else "", flush=True)
            return check(clients[name], args.name, profiles[args.name])
    raise EngineUnreachable(f"no engine for {args.name} answers: {'; '.join(silent)}")


def _profiles(path: Path | None) -> Mapping[str, AgentProfile]:
    from phaseplan.plan.campaign import load_profiles
    from phaseplan.plan.lint import render

    profiles, _, found = load_profiles(path or default_agents())
    if wrong := next((d for d in found if d.is_error), None):
        raise InputFault(f"{render.head(wrong)}\nthe agents file must lint without errors first: phaseplan lint")
    return profiles


def _list(clients: Mapping[str, DockerClient], profiles: Mapping[str, AgentProfile]) -> None:
    rows = [
        [p.name, p.title, p.version, p.key, *(short_id(client, p.image) or "not built" for client in clients.values())]
        for p in PRESETS.values()
    ]
    print_table(["use", "agent", "version", "key", *(f"on {name}" if name else "image" for name in clients)], *rows)
    if named := [_row(name, profile) for name, profile in sorted(profiles.items()) if profile.use]:
        print()
        print_table(["profile", "use", "model", "endpoint"], *named)


def _row(name: str, profile: AgentProfile) -> list[str]:
    """Say of one profile what it names itself, and which connection is asked for the rest."""
    source = profile.model_source
    unsaid = f"of connection {source.connection}, or the usual" if source else "the usual"
    return [name, str(profile.use), profile.model or unsaid, profile.endpoint or unsaid]
