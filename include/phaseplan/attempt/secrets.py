"""List the secret values that an agent knows, and say what is wrong with one that it is to know."""

from __future__ import annotations

from phaseplan.attempt.job import View
from phaseplan.containers.engine import Found
from phaseplan.containers.given_secrets import given
from phaseplan.errors import Lasting
from phaseplan.plan.agents import AgentProfile


class SecretMissing(Lasting):
    """An agent profile names a connection, or a field of one, that Airflow does not have."""


class BadConnection(Lasting):
    """The connection of a provider's key describes a model that the profile's agent cannot ask."""


def completed(view: View) -> AgentProfile:
    """Return the branch's profile with what the connection of its key says, or as it is if that cannot be read now."""
    try:
        return view.job.completed(view.profile)
    except (SecretMissing, BadConnection):
        return view.profile


def known_secrets(view: View, container: Found) -> tuple[str, ...]:
    """Return values that must not show: the present ones, and those that this container was given."""
    profile = view.profile
    own = {name: s for name, s in profile.sources.items() if name != profile.key_variable}  # that holds a mere token
    then = given(view.job.client, container.id, own, view.job.here.state, view.job.shared_key())
    if then is None:
        view.job.say(
            "The secrets that the agent was given as files cannot be read by this worker: one that was changed since "
            "is not hidden. Have all workers the `fernet_key` (section [core]) of the one that started the agent?"
        )
    return tuple(dict.fromkeys((*current_secrets(view), *(then or ()))))


def current_secrets(view: View) -> tuple[str, ...]:
    """Return values as Airflow has them now; none if a connection is gone: the work is judged all the same."""
    try:
        return tuple(view.job.secrets(view.profile).values())
    except SecretMissing as error:
        view.job.say(f"A secret that may have been given to the agent cannot be looked up to be hidden: {error}")
        return ()
