"""Create an agent's container with everything in it, ready to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import docker

from phaseplan.containers import engine
from phaseplan.containers.copy_in import Checkout, History, copy_in
from phaseplan.containers.gateways.gateway import Gateway
from phaseplan.containers.gateways.way_out import STRAIGHT, WayOut
from phaseplan.containers.given_secrets import paths_of
from phaseplan.containers.labels import Labels
from phaseplan.containers.network import PAIR
from phaseplan.containers.specs import of_profile
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo


def create_agent(
    client: docker.DockerClient,
    *,
    profile: AgentProfile,
    labels: Labels,
    secrets: Mapping[str, str],
    environment: Mapping[str, str],
    repo: GitRepo,
    commit: str,
    branch_name: str | None,
    history: History = "shallow",
    documents: Mapping[str, bytes] | None = None,
    pid1: bytes = b"",
    gateway: Gateway | None = None,
    way_out: WayOut = STRAIGHT,
) -> str:
    """Create an agent's container with its checkout and documents inside; it is not started.

    :param secrets: values by variable; `profile.secrets` names where they come from, this is what they are.
    :param environment: more variables, over those of the profile.
    :param documents: files under /phaseplan, `task.json` among them.
    :param pid1: see `pid1.files`, and `given_secrets.seal`; without it secrets as files do not arrive.
    :param gateway: the only one that it is to reach, and to have the provider's key.
    :param way_out: how it reaches the outside, of which it gets the certificates.
    :raises ImageMissing: the engine lacks the profile's image. Nothing is left behind by any failure.
    """
    paths, own = paths_of(profile), gateway.variables(profile) if gateway else {}
    given = {**way_out.variables(profile), **profile.environment, **environment, **secrets, **paths}
    spec = replace(
        of_profile(profile, labels),
        command=profile.command,
        environment={**given, **_variables(labels), **own},
        own_pid1=bool(pid1),
        secret_files=bool(paths),
    )
    if gateway:
        spec = replace(spec, network=gateway.network, marks={PAIR: gateway.pair})
    container_id = engine.create(client, spec)
    try:
        checkout = Checkout(repo, commit, branch_name, history, profile.uid, profile.gid)
        copy_in(client, container_id, checkout, {**(documents or {}), **way_out.documents(profile)}, pid1)
    except BaseException:
        engine.remove(client, container_id)
        raise
    return container_id


def _variables(labels: Labels) -> dict[str, str]:
    """Return the environment variables that tell an agent its phase, branch, attempt and folders."""
    return {
        "PHASEPLAN_PHASE": str(labels.phase),
        "PHASEPLAN_BRANCH": labels.branch,
        "PHASEPLAN_ATTEMPT": str(labels.attempt),
        "PHASEPLAN_TASK": "/phaseplan/task.json",
        "PHASEPLAN_WORKSPACE": engine.WORKSPACE,
    }
