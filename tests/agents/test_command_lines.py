"""Each coding agent's own command line, under our hardening, against a model that answers or does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import docker
import pytest

from phaseplan.containers.labels import Labels
from phaseplan.containers.redact import Redactor
from phaseplan.containers.transcript import take
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.presets import PRESETS
from phaseplan.repository.repo import GitRepo
from tests.agents.evening.presets import QUICK
from tests.agents.model_server import CACHED, INPUT, OUTPUT, Model
from tests.container import conftest as container
from tests.container.conftest import Story, Work

pytestmark = [pytest.mark.docker, pytest.mark.timeout(900), pytest.mark.usefixtures("images")]
ledger, work, publish = container.ledger, container.work, container.publish

TOOL = r"^• (Bash|shell|bash): .*echo hello > a/file.txt"


def profile(name: str, model: Model) -> AgentProfile:
    endpoint = model.url if name == "claude-code" else f"{model.url}/v1"
    return AgentProfile(use=name, model="scripted", endpoint=endpoint, timeout=120)


@pytest.fixture
def story(client: docker.DockerClient, ledger: str, work: Work, publish: Callable[[Work], GitRepo]) -> Story:
    """A branch at the tip of `work`."""
    repo = publish(work)
    return Story(client, Labels(ledger, 5, "5.1.1", 1, "run-1", "agent"), repo, str(repo.rev("main")))


def played(story: Story, made: AgentProfile, key: str) -> int:
    """Run the agent of a profile to its end; its exit code."""
    ended = story.play(made, {PRESETS[str(made.use)].key: key})
    return ended.code


@pytest.mark.parametrize("name", QUICK)
def test_it_builds_a_branch_and_says_what_it_used(story: Story, model: Model, name: str) -> None:
    assert played(story, profile(name, model), "good-key-0123") == 0, story.log
    came = story.collect()
    assert came.findings == () and story.text(came.raw, "a/file.txt") == "hello\n"
    said = "\n".join(story.log)
    shown = {"aider": "^Applied edit to a/file.txt", "mini-swe-agent": "echo hello > a/file.txt"}.get(name, TOOL)
    assert re.search(shown, said, re.MULTILINE) and "Done." in said and "urllib" not in said
    (used,) = re.findall(r"^Used ([\d,]+) tokens in \(([\d,]+) of them cached\), ([\d,]+) out, ", said, re.MULTILINE)
    total, cached, out = (int(number.replace(",", "")) for number in used)
    calls = 1 if name == "aider" else 2  # OpenCode asks a third time, for a title, and does not count that
    alone = INPUT + CACHED if name == "claude-code" else INPUT  # Anthropic counts what is cached apart
    cache = 0 if name == "aider" else CACHED  # of which it keeps no record
    assert (total, cached, out) == (calls * alone, calls * cache, calls * OUTPUT), said
    kept = take(story.client, story.id, Redactor(["good-key-0123"]))
    assert kept is not None and "Done." in kept.text.decode() and "Done." in kept.events.decode()
    assert kept.kept.missing == 0 and kept.kept.events >= 2
    if name in ("claude-code", "codex", "opencode"):
        assert [json.loads(line) for line in kept.events.splitlines() if line.startswith(b"{")], "events, as they came"


@pytest.mark.parametrize("name", QUICK)
def test_a_refused_key_is_the_providers_and_is_not_asked_for_long(story: Story, model: Model, name: str) -> None:
    assert played(story, profile(name, model), "bad-key-0123") == 69, story.log
    assert "the provider refuses the key (401 " in story.log[-1]
    assert 1 <= model.calls["bad-key-0123"] <= 10


@pytest.mark.parametrize("name", QUICK)
def test_a_provider_that_asks_to_wait_once_is_waited_for(story: Story, model: Model, name: str) -> None:
    assert played(story, profile(name, model), "once-key-0123") == 0, story.log


@pytest.mark.parametrize("fault", ["limit", "context"])
def test_what_the_provider_says_decides_whose_fault_it_is(story: Story, model: Model, fault: str) -> None:
    """The quickest of the three; what the others say is in `test_runner`, as they said it."""
    code = played(story, profile("codex", model), f"{fault}-key-0123")
    words = {"limit": "the provider lets nobody in now (429", "context": "the context is too long for the model"}
    assert (code == 69) is (fault == "limit") and code, story.log
    assert words[fault] in story.log[-1]
