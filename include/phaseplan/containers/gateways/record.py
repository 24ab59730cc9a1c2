"""Read what a gateway wrote down: numbers that are checked, and texts that are never taken for ours."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Annotated, Literal

import docker
import docker.errors
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from phaseplan.containers.engine_errors import engine_errors
from phaseplan.containers.log_following import Cursor
from phaseplan.containers.log_following import read as read_log
from phaseplan.containers.redact import Redactor
from phaseplan.containers.tarball import member
from phaseplan.errors import Infrastructure
from phaseplan.ledger.money.usage import ModelUsage, Usage
from phaseplan.text.shown import plain

_PLACE = "/phaseplan/record/usage.json"
_LARGEST = 1 << 20  # bytes of the record
_MOST = 200  # models, and hosts of one kind
_LINES = 200  # of a gateway's log, its last ones


def _short(text: str) -> str:
    return plain(text).replace("\n", " ")[:500]


Text = Annotated[str, AfterValidator(_short)]


class BadRecord(Infrastructure):
    """A gateway's record is none."""


class Trouble(BaseModel):
    """Describe the provider's last answer, where that was none: its status (0: no connection) and its own words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: int = Field(ge=0, le=999)
    message: Text = ""
    retry_after: float | None = Field(default=None, ge=0, allow_inf_nan=False)  # seconds


class Refusal(BaseModel):
    """Describe the provider's last answer, where the agent could do nothing with it: a status, and words."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    status: int = Field(ge=0, le=999)
    message: Text = ""

    def __str__(self) -> str:
        if self.status >= 400:
            return f"the last answer of its provider was {self.status} ({self.message})"
        return f"of the last answer of its provider: {self.message}"


class GatewayRecord(BaseModel):
    """Hold what a gateway has seen so far."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: Literal[1]
    calls: int = Field(default=0, ge=0)
    models: dict[Text, ModelUsage] = Field(default={}, max_length=_MOST)
    trouble: Trouble | None = None
    refusal: Refusal | None = None
    answered: int = Field(default=0, ge=0)  # whole answers since the last trouble
    refused: dict[Text, int] = Field(default={}, max_length=_MOST)
    unreached: dict[Text, int] = Field(default={}, max_length=_MOST)
    budget: Literal["near", "spent"] | None = None

    @property
    def answers(self) -> bool:
        """Say whether the provider's newest word is an answer."""
        return self.trouble is None and self.answered > 0

    @property
    def usage(self) -> Usage:
        """Return what is kept of it with the verdict."""
        return Usage(calls=self.calls, models=dict(self.models), refused=dict(self.refused))


def read_record(client: docker.DockerClient, container_id: str) -> GatewayRecord | None:
    """Read a gateway's record by the engine's API; None where it has written none yet.

    :raises BadRecord: it is too large, or says what no gateway says.
    """
    out = io.BytesIO()
    with engine_errors():
        try:
            pieces, _ = client.api.get_archive(container_id, _PLACE)
        except docker.errors.NotFound:
            return None
        if not member(iter(pieces), out, _LARGEST):
            raise BadRecord(f"the record of gateway {container_id[:12]} is no file, or larger than {_LARGEST} bytes")
    try:
        return GatewayRecord.model_validate_json(out.getvalue())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRecord(f"the record of gateway {container_id[:12]} is not valid: {where}: {first['msg']}") from error


def sentences(
    client: docker.DockerClient, container_id: str, redact: Redactor | None = None, place: Cursor | None = None
) -> Iterator[str]:
    """Yield what a gateway has said for people, without control characters: the newest lines of its log.

    :param place: how far the log was read before; moved on.
    """
    lines: list[str] = []
    read_log(client, container_id, lines.append, redact, cursor=place, tail=_LINES)
    yield from filter(None, map(sentence, lines))


def sentence(line: str) -> str:
    """Return the sentence of one line of a gateway's log; another line as it is."""
    try:
        data = json.loads(line)
    except ValueError:
        return _short(line)
    return _short(str(data.get("say", ""))) if isinstance(data, dict) else _short(line)
