"""Check, before any agent is paid, whatever would keep a run from publishing its work."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from docker import DockerClient

from phaseplan.containers.engine import image_digest
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.probe import check_profile
from phaseplan.errors import InputFault, Lasting
from phaseplan.ledger import refs
from phaseplan.ledger.name_clashes import clashes
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.locks import local
from phaseplan.repository.refusals import NameClash, RepositoryUnreadable
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo

_WRITES = ("refuse", "true", "yes", "on", "1", "")  # settings of receive.denyCurrentBranch that refuse; "": the default


@dataclass(frozen=True)
class Ahead:
    """Hold what a run is about to do.

    :param branches: the ones it may build.
    :param profiles: those it may start containers of, by name.
    :param agent: the one that it names for all branches, if any.
    """

    plan: PhasePlan
    branches: Collection[str]
    profiles: Mapping[str, AgentProfile]
    agent: str | None = None

    @property
    def names(self) -> set[str]:
        """Return the refs under refs/heads that it may make or move."""
        return {refs.integration(self.plan.phase), *(f"refs/heads/{self.plan.by_id[b].branch}" for b in self.branches)}


def check_engine(client: DockerClient, ahead: Ahead, collector: str, gateway: str) -> None:
    """Look whether containers of every profile can be made.

    :param collector: its image.
    :param gateway: the image of gateways.
    :raises ImageMissing, CommandMissing, NetworkMissing: they cannot, until a person acts.
    """
    image_digest(client, collector)
    if any(profile.gateway for profile in ahead.profiles.values()):
        _check_gateway(client, gateway)
    for name, profile in _distinct(ahead.profiles).items():
        try:
            check_profile(client, name, profile, ahead.plan.phase)
        except Lasting as error:
            error.args = (f"agent profile {name}: {error}",)
            raise


def _check_gateway(client: DockerClient, image: str) -> None:
    try:
        image_digest(client, image)
    except ImageMissing as error:
        error.args = (
            f"{error}. It stands between agents and their models: `make images` builds it; or write `gateway: false` "
            "into the profile, whose agents have the key then (docs/agents.md)",
        )
        raise


def check_budgets(ahead: Ahead) -> None:
    """Look whether every budget of a branch has a gateway that holds it.

    :raises InputFault: one has none, so the branch could use without end what its plan limits.
    """
    for branch in map(ahead.plan.by_id.__getitem__, ahead.branches):
        name = ahead.agent or ahead.plan.profile_of(branch)
        profile = ahead.profiles.get(name or "")
        if branch.budget and profile is not None and profile.provider is None:
            raise InputFault(
                f"{branch.id} has a budget, and nothing would hold it: agent profile {name} has no gateway between "
                "agent and model. Next: take `budget` out of the plan, or give the profile `gateway: true`"
            )


def check_target(remote: Remote) -> dict[str, str]:
    """Look at the target before anything is fetched from it.

    :return: its refs.
    :raises RepositoryUnreadable: it cannot be worked with, whatever is tried.
    """
    held = remote.refs()
    if any(len(sha) > 40 for sha in held.values()):
        raise RepositoryUnreadable(
            f"repository {remote} stores sha256 object ids, which Phaseplan does not read. "
            "Next: use a repository with sha1 ids (git's default) as the target."
        )
    home = local(remote.url)
    if home is not None and (home / "shallow").is_file():
        raise RepositoryUnreadable(
            f"repository {remote} is a shallow clone: the history that merges need is not in it. "
            f"Next: run `git -C {home} fetch --unshallow`, or use a whole clone as the target."
        )
    return held


def check_names(remote: Remote, held: Mapping[str, str], ahead: Ahead) -> None:
    """Look whether git can make every name the run will need.

    :raises NameClash: another branch is in the way of one.
    :raises InputFault: a name is checked out in the target, which then refuses to move it.
    """
    home = local(remote.url)
    heads = {ref: sha for ref, sha in held.items() if ref.startswith("refs/heads/")}
    found = clashes(ahead.plan, ahead.branches, heads, folded=_folded(home))
    if found:
        pairs = "; ".join(f"`{theirs[11:]}` is in the way of `{ours[11:]}`" for ours, theirs in sorted(found.items()))
        raise NameClash(
            f"the target has branches beside which git cannot store those of phase {ahead.plan.phase}: {pairs}. "
            f"Next: rename or delete {_listed(found.values())} in {remote}, or choose other names in the plan."
        )
    for ref in sorted(ahead.names & _checked_out(home)):
        raise InputFault(
            f"{ref[11:]} is checked out in the target {remote}, and git refuses to move a branch under somebody's "
            "feet. Next: check out another branch there (`git switch main`), or use a bare clone as the target."
        )


def _distinct(profiles: Mapping[str, AgentProfile]) -> dict[str, AgentProfile]:
    """Keep one profile for each way of making a container."""
    seen: dict[tuple[object, ...], str] = {}
    for name, p in sorted(profiles.items()):
        seen.setdefault((p.image, p.command[:1], p.network, p.cpus, p.memory, p.pids, p.user), name)
    return {name: profiles[name] for name in seen.values()}


def _folded(home: Path | None) -> bool:
    """Say whether the target's disk ignores the case of names; False for a target on another machine."""
    return home is not None and GitRepo(home).run("config", "--bool", "core.ignorecase", ok=_ANY).out.strip() == "true"


def _checked_out(home: Path | None) -> set[str]:
    """List branches that a push to this repository may not move."""
    if home is None:
        return set()
    repo = GitRepo(home)
    if repo.run("config", "receive.denyCurrentBranch", ok=_ANY).out.strip().lower() not in _WRITES:
        return set()
    listed = repo.run("worktree", "list", "--porcelain", ok=_ANY).out.split("\n\n")
    trees = [tree.splitlines() for tree in listed if "\nbare" not in tree]
    return {line[len("branch ") :] for tree in trees for line in tree if line.startswith("branch ")}


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name[11:]}`" for name in sorted(set(names)))


_ANY = tuple(range(256))
