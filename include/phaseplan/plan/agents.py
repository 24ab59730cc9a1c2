"""Agent profiles: which image and command builds a branch, and within which limits."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidatorFunctionWrapHandler, WrapValidator, model_validator

from phaseplan.plan.base import Model
from phaseplan.plan.budget import Budget
from phaseplan.plan.egress import Host, Price, Provider, base_of
from phaseplan.plan.kinds import Memory, Real, Size, TimeLimit, Variable, Whole, Words
from phaseplan.plan.presets import PRESETS, PresetName, expanded
from phaseplan.plan.prices import prices_of

_TAKEN = (75, 137, 143, 255)  # exit codes that mean something: blocked, killed, stopped, lost by the engine
PASSWORD = "password"
SECRETS = "/run/secrets"  # folder of the secrets that an agent gets as files
_DATED = re.compile(r"(?:-latest|[-@]20\d\d-?\d\d-?\d\d)$")
OPENAI = "openai/"  # begins the names by which OpenCode knows OpenAI's models
#: Keys of a profile that say what work may cost, where it is done and what is kept beside it: they change no verdict.
ASIDE = ("budget", "prices", "transcript", "engine", "needs")
_HIGHEST = (1 << 31) - 1  # number of a user or group that an engine takes


def _uid(value: str) -> str:
    numbers = [int(n) for n in value.split(":")] if re.fullmatch(r"[0-9]{1,10}:[0-9]{1,10}", value) else []
    if not numbers or numbers[0] == 0 or max(numbers) > _HIGHEST:
        raise ValueError(f"invalid user {value!r}: write uid:gid in numbers, and never root")
    return value


def _one_word(value: str) -> str:
    if not value or any(c.isspace() for c in value):
        raise ValueError(f"invalid name {value!r}: write one word, for example debian:12 or bridge")
    return value


def _field(value: str) -> str:
    if value != PASSWORD and not re.fullmatch(r"extra(\.[^\s.]+)+", value):
        raise ValueError(
            f"invalid field {value!r} of a connection: write password, or extra.KEY, for example extra.api_key"
        )
    return value


def _file(value: str) -> str:
    if not re.fullmatch(rf"{SECRETS}/[A-Za-z0-9_-][A-Za-z0-9._-]{{0,99}}", value):
        raise ValueError(f"invalid file {value!r} of a secret: write {SECRETS}/NAME, for example {SECRETS}/api_key")
    return value


def _network(value: str) -> str:
    if value == "host" or value.startswith("container:"):
        raise ValueError(
            f"network {value!r} would let an agent into somebody else's network: write none, bridge or a name"
        )
    return _one_word(value)


def _names(model: str) -> set[str]:
    """List the names by which the price of a model may be known: with and without provider and date."""
    bare = model.rpartition("/")[2]
    return {model, bare, _DATED.sub("", bare)}


def _provider_code(value: int) -> int:
    if not 1 <= value <= 255 or value in _TAKEN:
        raise ValueError(f"invalid exit code {value}: write one from 1 to 255 that has no meaning yet, as 69")
    return value


Word = Annotated[str, AfterValidator(_one_word)]
ProviderCode = Annotated[Whole, AfterValidator(_provider_code)]


class SecretSource(Model):
    """Name the place of one secret's value: a field of an Airflow connection.

    :param file: where the agent finds the value, which the variable then names; None: the variable has the value.
    """

    connection: Word
    field: Annotated[str, AfterValidator(_field)] = PASSWORD
    file: Annotated[str, AfterValidator(_file)] | None = None

    @classmethod
    def parse(cls, reference: str) -> SecretSource:
        """Parse what `reference` has written."""
        connection, field, file, *_ = [*reference.split(" "), "", ""]
        return cls(connection=connection, field=field or PASSWORD, file=file or None)

    @property
    def reference(self) -> str:
        """Write the source as one string; no part of it has a space."""
        if self.file:
            return f"{self.connection} {self.field} {self.file}"
        return self.connection if self.field == PASSWORD else f"{self.connection} {self.field}"

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the path of the value in the connection's extra."""
        return tuple(self.field.split(".")[1:])


def _secret(value: Any, _: ValidatorFunctionWrapHandler) -> Any:
    """Read a secret as what it is written as: a union would report an error for each form it could have."""
    return _one_word(value) if isinstance(value, str) else SecretSource.model_validate(value)


class AgentProfile(Model):
    """Describe one way to run an agent. Secrets are names of Airflow connections, never values.

    :raises ValidationError: `model` or `endpoint` is given without `use`, whose images alone know what they mean.
    """

    use: PresetName | None = None  # a coding agent that has an image: everything below has a value for it
    model: Word | None = None  # as the provider calls it
    endpoint: Word | None = None  # base URL of the provider's API, where it is not the usual one
    image: Word
    command: Words = ()
    environment: dict[Variable, str] = {}
    #: By variable, the connection whose password or field it gets.
    secrets: dict[Variable, Annotated[SecretSource | str, WrapValidator(_secret)]] = {}
    network: Annotated[str, AfterValidator(_network)] = "none"  # `none`, `bridge`, or the name of a Docker network
    cpus: Real = Field(default=1.0, ge=0.01, le=100_000, allow_inf_nan=False)  # an engine divides no further
    memory: Memory = 2 << 30  # bytes
    pids: Whole = Field(default=512, gt=0, le=1 << 22)
    timeout: TimeLimit = 7200
    user: Annotated[str, AfterValidator(_uid)] = "1000:1000"
    max_output: Size = 500 << 20  # bytes that may come back, unpacked
    infrastructure_exit_codes: tuple[ProviderCode, ...] = (69,)  # by which it says that its provider is away
    scratch: tuple[str, ...] = ()  # patterns of what its program leaves behind that is no work
    transcript: bool = False  # what its log says, and its raw events, are kept in the target
    disk: Size = 10 << 30  # bytes it may write to the engine's disk: workspace and everything else
    gateway: bool = False  # the agent sees nothing but a gateway, which has the key; `network` is the gateway's then
    egress: tuple[Host, ...] = ()  # hosts that the gateway lets the agent reach
    budget: Budget | None = None  # of each branch, where the plan gives it none of its own
    engine: Word | None = None  # name in the engines file of the only one that its agents may be on
    needs: tuple[Word, ...] = ()  # labels that an engine must have for them
    prices: dict[Word, Price] = {}  # by model, as the provider calls it; they come before those of the shipped table

    @model_validator(mode="before")
    @classmethod
    def _with_preset(cls, data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        if not data.get("use") and (stray := [key for key in ("model", "endpoint") if data.get(key)]):
            raise ValueError(f"{' and '.join(stray)} without use: write use: {' | '.join(PRESETS)}, or set variables")
        return expanded(data)

    @model_validator(mode="after")
    def _gateway_is_whole(self) -> AgentProfile:
        if fault := self._gateway_fault() or self._file_fault():
            raise ValueError(fault)
        return self

    def _file_fault(self) -> str:
        """Say what is wrong with secrets as files; empty: nothing."""
        files = {name: source.file for name, source in self.sources.items() if source.file}
        if self.key_variable in files:
            return "the provider's key stays in the gateway, so no file of the agent has it: leave out `file`"
        twice = next((file for file in files.values() if [*files.values()].count(file) > 1), None)
        return f"two secrets have the file {twice}: give each a name of its own" if twice else ""

    def _gateway_fault(self) -> str:
        """Say what a gateway lacks, or what lacks a gateway; empty: nothing."""
        if not self.gateway:
            idle = [key for key in ("egress", "budget", "prices") if getattr(self, key)]
            return f"{' and '.join(idle)} without a gateway: write gateway: true, or take it out" if idle else ""
        if self.network == "none":
            return "a gateway needs a network that leads out: write network: bridge, or leave network out"
        if self.provider is None and not self.egress:
            return "a gateway that lets nothing out: name the secret `key` of a `use:`, or hosts in egress"
        if self.provider is None and (self.budget or self.prices):
            return "a budget or prices without a provider behind the gateway: name the secret `key` of a `use:`"
        if self.budget and self.budget.usd and not self.has_price:
            return f"the price of {self.model} is not known: write prices: {{{self.model}: {{input: 3, output: 15}}}}"
        return ""

    @property
    def provider(self) -> Provider | None:
        """Return whom the gateway asks for answers; None: it stands for no provider.

        :raises ValueError: it cannot stand for the profile's endpoint or model.
        """
        preset = PRESETS[self.use] if self.use and self.gateway else None
        if preset is None or preset.key not in self.secrets:
            return None
        if self.endpoint:
            return Provider(kind=preset.kind, base_url=base_of(preset.kind, self.endpoint))
        if preset.kind == "openai" and "/" in (self.model or "").removeprefix(OPENAI):
            raise ValueError(
                f"model {self.model} has no endpoint here: name one, or a model {OPENAI}..., for a gateway"
            )
        return Provider(kind=preset.kind, base_url=preset.base_url)

    @property
    def known_prices(self) -> dict[str, Mapping[str, float]]:
        """Return US dollars for a million tokens by model: the profile's own, else those of the shipped table."""
        return {**prices_of(), **{name: price.model_dump(exclude_none=True) for name, price in self.prices.items()}}

    @property
    def has_price(self) -> bool:
        """Say whether the price of its model is known, as far as it names one."""
        return not self.model or bool(_names(self.model) & self.known_prices.keys())

    @property
    def key_variable(self) -> str:
        """Return the variable of the provider's key, which the gateway gets instead of the agent; empty: none."""
        return PRESETS[self.use].key if self.use and self.provider is not None else ""

    @property
    def sources(self) -> dict[str, SecretSource]:
        """Return where the values of the secrets are, by variable."""
        given = self.secrets.items()
        return {name: SecretSource(connection=s) if isinstance(s, str) else s for name, s in given}

    @property
    def model_source(self) -> SecretSource | None:
        """Return where the provider's key comes from, whose connection may name endpoint and model as well."""
        return self.sources.get(PRESETS[self.use].key) if self.use else None

    @property
    def unnamed_model(self) -> SecretSource | None:
        """Return where the model's name has to come from, because the profile names none and its agent needs one."""
        return self.model_source if self.use == "opencode" and not (self.model or self.endpoint) else None

    @property
    def references(self) -> tuple[tuple[str, str], ...]:
        """Return variables with `SecretSource.reference`, for a trigger."""
        return tuple((name, source.reference) for name, source in self.sources.items())

    @property
    def uid(self) -> int:
        """Return the numeric user that the container runs as."""
        return int(self.user.split(":")[0])

    @property
    def gid(self) -> int:
        """Return the numeric group that the container runs as."""
        return int(self.user.split(":")[1])
