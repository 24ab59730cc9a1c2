"""List the secret values that an agent knows."""

from __future__ import annotations

from phaseplan.attempt.job import View
from phaseplan.containers.engine import Found, given


def known_secrets(view: View, container: Found) -> tuple[str, ...]:
    """Values that must not show: those of now, and those that this container was given before they were changed."""
    profile = view.profile
    then = given(view.job.client, container.id, profile.secrets)
    return tuple(dict.fromkeys((*view.job.secrets(profile).values(), *then.values())))
