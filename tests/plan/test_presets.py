"""A profile that says `use` is filled in by its preset, and every part of it can be said otherwise."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_profiles
from phaseplan.plan.presets import PRESETS, Preset

TOP = Path(__file__).resolve().parents[2]
MODEL = {"opencode": {"model": "openai/gpt"}}  # it has no model of its own


@pytest.mark.parametrize("preset", PRESETS.values(), ids=str)
def test_a_name_and_a_key_are_enough(preset: Preset) -> None:
    made = AgentProfile(use=preset.name, secrets={"key": "my_key"}, **MODEL.get(preset.name, {}))
    assert (made.image, made.command, made.network) == (preset.image, ("agent", preset.name), "bridge")
    assert made.secrets == {preset.key: "my_key"} and made.scratch == preset.scratch


def test_the_image_is_built_from_the_package_of_that_version() -> None:
    for preset in PRESETS.values():
        dockerfile = (TOP / "images/agents" / preset.name / "Dockerfile").read_text()
        assert f"{preset.version}" in next(line for line in dockerfile.splitlines() if line.startswith("ARG PACKAGE="))


def test_every_part_can_be_said_otherwise() -> None:
    said = {"image": "mine:1", "command": ["run"], "network": "none", "memory": "1g", "scratch": [], "timeout": "1h"}
    made = AgentProfile(use="codex", environment={"A": "b"}, secrets={"OTHER": "c"}, **said)
    assert (made.image, made.command, made.network, made.memory, made.scratch) == (
        "mine:1",
        ("run",),
        "none",
        1 << 30,
        (),
    )
    assert (made.environment, made.secrets) == ({"A": "b"}, {"OTHER": "c"})


def test_model_and_endpoint_reach_the_image_as_variables() -> None:
    made = AgentProfile(use="codex", model="gpt", endpoint="https://models.example/v1", environment={"A": "b"})
    assert made.environment == {"PHASEPLAN_MODEL": "gpt", "PHASEPLAN_ENDPOINT": "https://models.example/v1", "A": "b"}


def test_a_profile_that_was_written_down_is_read_as_it_was() -> None:
    made = AgentProfile(use="claude-code", model="m", secrets={"key": "k"}, scratch=["/x/"])
    assert AgentProfile.model_validate(made.model_dump(mode="json")) == made


@pytest.mark.parametrize(
    "given", [{"use": "cursor"}, {"image": "x", "model": "gpt"}, {"image": "x", "endpoint": "u"}, {}]
)
def test_what_no_preset_knows_is_refused(given: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AgentProfile.model_validate(given)


def test_the_agents_file_names_line_and_choice(tmp_path: Path) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text("claude:\n  use: claude-cod\n  model: m\n")
    _, _, found = load_profiles(file)
    assert len(found) == 1 and [
        d for d in found if d.line == 2 and "claude-cod" in d.message and "claude-code" in f"{d.hint}"
    ], found
