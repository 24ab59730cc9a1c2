"""Ask the image of a coding agent what it holds: the version of its command line, and git."""

from __future__ import annotations

from collections.abc import Iterator

from docker import DockerClient

from phaseplan.cli.images import short_id
from phaseplan.containers import engine
from phaseplan.containers.labels import Labels
from phaseplan.containers.log_following import follow
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.presets import PRESETS
from phaseplan.text.shown import plain

_PATIENCE = 60.0  # seconds
_GIT = "git: "
#: The program's version comes last: of what it prints only the first line that is none of ours counts.
_ASK = 'command -v git >/dev/null && echo "git: there" || echo "git: missing"; exec "$0" --version 2>/dev/null'


def looked_into(client: DockerClient, profile: AgentProfile, labels: Labels) -> Iterator[str]:
    """Print what builds branches of a profile; yield advice where something of it is missing.

    A command of one's own says nothing of its version, and may do without git.
    """
    image = f"image {profile.image} ({short_id(client, profile.image)})"
    if not profile.use:
        print(image)
        return
    preset = PRESETS[profile.use]
    lines = _printed(client, profile, labels, preset.program)
    words = [line for line in lines if line and not line.startswith(_GIT)]
    print(f"{preset.title}: {words[0] if words else f'version unknown (made for {preset.version})'}, {image}")
    if f"{_GIT}missing" in lines:
        yield f"image {profile.image} has no git, with which {preset.title} finds its way in a repository: add it to it"


def _printed(client: DockerClient, profile: AgentProfile, labels: Labels, program: str) -> list[str]:
    spec = engine.Spec(profile.image, labels, profile.user, profile.memory, profile.cpus, profile.pids,
                       entrypoint=("sh", "-c", _ASK, program), mounted=False)  # fmt: skip
    container, lines = engine.create(client, spec), list[str]()
    try:
        engine.start(client, container)
        follow(client, container, lambda line: lines.append(plain(line).strip()), _PATIENCE)
    finally:
        engine.remove(client, container)
    return lines
