"""Read the engines file; without one there is only the engine of the setting `docker_url`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from phaseplan.config.settings import PREFIX, settings
from phaseplan.errors import InputFault
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_engines
from phaseplan.plan.engines import EngineEntry, fitting
from phaseplan.plan.lint.render import head


def engines() -> dict[str, EngineEntry]:
    """Return the configured engines by name; none without a file.

    :raises InputFault: the file is not there, is empty, or has an error; the message names file and line.
    """
    path = settings().engines
    if path is None:
        return {}
    if not path.is_file():
        raise InputFault(f"`engines` in section [phaseplan] must be a file that exists, not {str(path)!r}")
    found, _, problems = load_engines(path)
    if errors := [problem for problem in problems if problem.is_error]:
        raise InputFault(f"{head(errors[0])}. Next: {errors[0].hint or 'mend the engines file'}")
    if not found:
        raise InputFault(f"{path} names no engine: write one, or unset `engines` ({PREFIX}ENGINES)")
    _check_queues(path, found)
    return found


def _check_queues(path: Path, found: Mapping[str, EngineEntry]) -> None:
    queues = [entry.queue for entry in found.values() if entry.queue]
    if twice := next((queue for queue in queues if queues.count(queue) > 1), None):
        raise InputFault(f"{path}: two engines have the queue {twice}: write one entry for all workers of a queue")


def placed(entries: Mapping[str, EngineEntry], name: str, profile: AgentProfile) -> dict[str, EngineEntry]:
    """Return the engines that agents of a profile may be on; none where there is no engines file.

    :param name: of the profile.
    :raises InputFault: no engine fits, or it cannot be told which queue does.
    """
    if not entries:
        if profile.engine or profile.needs:
            raise InputFault(
                f"agent profile {name} says `engine` or `needs`, and there is no engines file: set `engines` in "
                f"section [phaseplan] ({PREFIX}ENGINES), or take them out"
            )
        return {}
    try:
        return fitting(entries, profile)
    except ValueError as error:
        raise InputFault(f"agent profile {name}: {error}") from error
