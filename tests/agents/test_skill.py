"""Coding agents find the skill that `phaseplan init` lays down; Codex follows it from an idea to a sound plan."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from phaseplan.config.place import skill
from phaseplan.containers.labels import Labels
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_campaign
from phaseplan.plan.presets import PRESETS
from phaseplan.repository.repo import GitRepo
from tests.agents import phaseplan_image
from tests.agents.evening.presets import QUICK
from tests.agents.model_server import served
from tests.agents.pupil import PLAN, Pupil
from tests.container import conftest as container
from tests.container.conftest import Story, Work
from tests.install import conftest as install

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("images")]
ledger, work, publish, wheel = container.ledger, container.work, container.publish, install.wheel

TEXT = (skill() / "SKILL.md").read_text()
DESCRIPTION = TEXT.split("description: ")[1].split("\n")[0]
#: Where the others look. OpenCode is the slowest to start, and looks where Codex does.
PLACES = {"claude-code": ".claude", "opencode": ".agents"} if "aider" in QUICK else {"claude-code": ".claude"}
FILES = [f"{place}/skills/phaseplan/SKILL.md" for place in (".agents", ".claude")]
IDEA = (
    "A list of things to buy: a store, and a page that shows it. Turn this idea into a plan of Phaseplan's, phase 1.\n"
)
#: What Codex says it has run, and what of it is ours.
RAN = re.compile(r"^. shell: \S+ -lc '?phaseplan (explain PP\d+|\w+)", re.MULTILINE)
VERBS = ["schema", "lint", "explain PP601", "lint", "explain PP401", "lint", "simulate"]


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is installed, without Airflow."""
    return phaseplan_image.unpack(wheel, tmp_path_factory.mktemp("installed"))


@pytest.fixture(scope="module")
def image(client: docker.DockerClient, images: None, site: Path) -> Iterator[str]:
    """Codex beside an installed `phaseplan`."""
    tag = f"phaseplan-test/agent-with-phaseplan:{uuid.uuid4().hex[:8]}"
    phaseplan_image.build(client, PRESETS["codex"].image, site, tag)
    yield tag
    client.images.remove(tag, force=True)


@pytest.fixture
def pupil(host: str) -> Iterator[Pupil]:
    """A model that knows of plans what it is shown."""
    with served(Pupil(), host) as model:
        yield model


@pytest.fixture
def filled(work: Work, site: Path) -> Work:
    """A repository that `phaseplan init` has filled; it keeps the AGENTS.md that was there, which knows no skill."""
    work.commit({"AGENTS.md": "Write plain English.\n"})
    phaseplan_image.run(site, "init", str(work.path))
    work.commit({}, "Lay down what init lays down")
    return work


@pytest.fixture
def play(
    client: docker.DockerClient, ledger: str, filled: Work, publish: Callable[[Work], GitRepo], pupil: Pupil
) -> Callable[..., Story]:
    """Let a coding agent have the idea in that repository."""

    def played(name: str, **keys: str) -> Story:
        repo = publish(filled)
        story = Story(client, Labels(ledger, 1, "1.1.1", 1, "run-1", "agent"), repo, str(repo.rev("main")), task=IDEA)
        endpoint = pupil.url if name == "claude-code" else f"{pupil.url}/v1"
        made = AgentProfile(use=name, model="scripted", endpoint=endpoint, timeout=120, **keys)
        assert story.play(made, {PRESETS[name].key: "good-key-0123"}).code == 0, story.log
        return story

    return played


def test_codex_follows_it_from_an_idea_to_a_sound_plan(
    play: Callable[..., Story], image: str, pupil: Pupil, filled: Work, site: Path
) -> None:
    story = play("codex", image=image)
    assert pupil.outputs and TEXT.strip() in pupil.outputs[0], "the whole skill"
    assert RAN.findall("\n".join(story.log)) == VERBS
    assert '"code": "PP601"' in pupil.outputs[3] and '"line": 3' in pupil.outputs[3], "what lint said"
    assert "Critical path" in pupil.outputs[-1]
    plan = filled.path / PLAN
    plan.write_text(story.text(story.collect().raw, PLAN))
    assert load_campaign([plan], filled.path / "include/agents.yaml", None).diagnostics == ()
    phaseplan_image.run(site, "simulate", str(plan))


@pytest.mark.parametrize("name", sorted(PLACES))
def test_it_is_listed_where_each_of_the_others_looks(
    play: Callable[..., Story], pupil: Pupil, filled: Work, name: str
) -> None:
    filled.commit({file: None for file in FILES if not file.startswith(PLACES[name])})
    play(name)
    assert any(DESCRIPTION in request for request in pupil.requests)


def test_without_it_there_is_no_plan(play: Callable[..., Story], pupil: Pupil, filled: Work) -> None:
    filled.commit(dict.fromkeys(FILES))
    story = play("codex")
    assert pupil.requests and DESCRIPTION not in pupil.requests[-1]
    assert PLAN not in story.files(story.collect().raw or story.base)
