"""Look whether every secret of every profile has a value, without showing one."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from phaseplan.airflow.operators.secrets import check_secrets
from phaseplan.cli.doctoring.lines import Line, looked, ok
from phaseplan.cli.doctoring.plans import used_profiles
from phaseplan.plan.agents import AgentProfile

_AREA = "secrets"


def connections() -> Iterator[Line]:
    """Look at the connections of the profiles that plans use."""
    wanted = {name: profile for name, profile in sorted(used_profiles().items()) if profile.sources}
    for name, profile in wanted.items():
        yield from looked(_AREA, partial(_of, name, profile))
    if not wanted:
        yield ok(_AREA, "no agent profile in use asks for one")


def _of(name: str, profile: AgentProfile) -> Iterator[Line]:
    check_secrets({name: profile})
    named = ", ".join(sorted({source.connection for source in profile.sources.values()}))
    yield ok(_AREA, f"agent profile {name}: connection {named}")
