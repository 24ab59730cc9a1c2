"""Create an agent's container with everything in it, ready to start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import docker

from phaseplan.containers import engine
from phaseplan.containers.copy_in import Checkout, History, copy_in
from phaseplan.containers.gateway import Gateway
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
) -> str:
    """Create an agent's container with its checkout and documents inside; it is not started.

    :param secrets: values by variable; `profile.secrets` names where they come from, this is what they are.
    :param environment: more variables, over those of the profile.
    :param documents: files under /phaseplan, `task.json` among them.
    :param gateway: the only one that it is to reach, instead of the profile's network; the provider's key does not
        go into the agent's container then.
    :param pid1: see `pid1.files`, and `given_secrets.seal` for a profile with secrets as files, which is started by
        `given_secrets.start`; without them it is unknown whether the agent or the engine ended the container.
    :raises ImageMissing: the engine lacks the profile's image. Nothing is left behind by any failure.
    """
    paths = paths_of(profile)
    spec = replace(
        of_profile(profile, labels),
        command=profile.command,
        environment={**profile.environment, **environment, **secrets, **paths, **_variables(labels)},
        own_pid1=bool(pid1),
        secret_files=bool(paths),
    )
    if gateway:
        environment = {**spec.environment, **gateway.variables(profile)}
        spec = replace(spec, network=gateway.network, marks={PAIR: gateway.pair}, environment=environment)
    container_id = engine.create(client, spec)
    try:
        checkout = Checkout(repo, commit, branch_name, history, profile.uid, profile.gid)
        copy_in(client, container_id, checkout, documents, pid1)
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
