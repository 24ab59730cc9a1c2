"""Define the coding agents that have an image of ours, and fill in a profile that says `use: claude-code`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from phaseplan.plan.egress import Kind

PresetName = Literal["claude-code", "codex", "opencode", "aider", "mini-swe-agent"]


class Preset(BaseModel):
    """A coding agent's command line that has an image of ours.

    :param version: of the command line; it is the image's tag as well.
    :param program: its name in the image.
    :param key: the variable in which it looks for the provider's key.
    :param scratch: what it may leave in a workspace that is no work.
    :param kind: the protocol that it speaks with its provider.
    :param base_url: of that provider, where no `endpoint` names another.
    """

    model_config = ConfigDict(frozen=True)

    name: PresetName
    version: str
    program: str
    key: str
    title: str
    scratch: tuple[str, ...] = ()
    kind: Kind = "openai"
    base_url: str = "https://api.openai.com"

    @property
    def image(self) -> str:
        """Return the image that `phaseplan agents build` makes."""
        return f"phaseplan/agent-{self.name}:{self.version}"


PRESETS: Mapping[str, Preset] = {
    preset.name: preset
    for preset in (
        Preset(
            name="claude-code",
            version="2.1.332",
            program="claude",
            key="ANTHROPIC_API_KEY",
            title="Claude Code",
            scratch=("/.claude/",),
            kind="anthropic",
            base_url="https://api.anthropic.com",
        ),
        Preset(
            name="codex",
            version="0.171.0",
            program="codex",
            key="OPENAI_API_KEY",
            title="Codex",
            scratch=("/.codex/",),
        ),
        Preset(
            name="opencode",
            version="1.18.33",
            program="opencode",
            key="OPENAI_API_KEY",
            title="OpenCode",
            scratch=("/.opencode/",),
        ),
        Preset(
            name="aider",
            version="0.86.2",
            program="aider",
            key="OPENAI_API_KEY",
            title="Aider",
            scratch=("/.aider*",),
        ),
        Preset(name="mini-swe-agent", version="2.4.6", program="mini", key="OPENAI_API_KEY", title="mini-swe-agent"),
    )
}
MODEL, ENDPOINT = "PHASEPLAN_MODEL", "PHASEPLAN_ENDPOINT"  # variables by which an image's `agent` gets them


def expanded(data: Mapping[str, Any]) -> dict[str, Any]:
    """Add a preset to a profile as its author wrote it, who overrides every part; the secret `key` is renamed.

    Who names no network has a gateway between agent and provider; a gateway stands in a network that leads out.
    """
    preset = PRESETS.get(str(data.get("use")))
    if preset is None:
        out = {"network": "bridge"} if data.get("gateway") is True else {}
        return {"image": "-", **data} if data.get("use") else {**out, **data}  # `use` is what is wrong, nothing else
    variables = {MODEL: data.get("model"), ENDPOINT: data.get("endpoint")}
    given = {name: value for name, value in variables.items() if value}
    own = {"image": preset.image, "command": ["agent", preset.name], "network": "bridge", "memory": 4 << 30}
    own["transcript"] = True
    whole = {**own, "scratch": list(preset.scratch), **data}
    environment, secrets = data.get("environment") or {}, data.get("secrets") or {}
    if isinstance(environment, Mapping):
        whole["environment"] = {**given, **environment}
    if isinstance(secrets, Mapping):
        whole["gateway"] = data.get("gateway", "network" not in data and bool({"key", preset.key} & set(secrets)))
        whole["secrets"] = {preset.key if name == "key" else name: source for name, source in secrets.items()}
    return whole
