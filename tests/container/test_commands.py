"""Gates in a fresh container: what they see, how they say no, and what generators bring back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import docker
import pytest
from structlog.testing import capture_logs

from phaseplan.airflow.triggers.container import ContainerTrigger
from phaseplan.config.settings import settings
from phaseplan.containers import engine
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.labels import Labels
from phaseplan.gates.commands import ContainerBench
from phaseplan.gates.gating import Waiting
from phaseplan.gates.workbench import GateFailed, Workbench
from phaseplan.ledger.records import Finding
from phaseplan.plan.agents import AgentProfile
from phaseplan.repository.repo import GitRepo
from tests.container.conftest import AGENT, COLLECTOR, Work

pytestmark = pytest.mark.docker
Publish = Callable[[Work], GitRepo]


class Bench:
    """A bench, a repository, and what the bench said."""

    def __init__(self, client: docker.DockerClient, ledger: str, repo: GitRepo) -> None:
        self.said: list[str] = []
        self.client, self.ledger, self.repo = client, ledger, repo
        self.commit = str(repo.rev("main"))

    def bench(self, timeout: float = 60, **limits: object) -> ContainerBench:
        profile = AgentProfile(**{"image": AGENT, "memory": "256m", **limits})
        labels = Labels(self.ledger, 5, "5.1.1", 1, "run-1", "agent")
        return ContainerBench(self.client, profile, labels, COLLECTOR, timeout, self.said.append)

    def run(self, *commands: str, timeout: float = 60, **limits: object) -> tuple[Finding, ...]:
        found = self.bench(timeout, **limits).run(self.repo, self.commit, commands, title="5.1.1")
        assert engine.find(self.client, ledger=self.ledger) == []
        return found


@pytest.fixture
def gate(client: docker.DockerClient, ledger: str, work: Work, publish: Publish) -> Bench:
    return Bench(client, ledger, publish(work))


def test_the_container_bench_implements_workbench(gate: Bench) -> None:
    bench: Workbench = gate.bench()
    assert bench.run(gate.repo, gate.commit, (), title="nothing") == ()


def test_green_commands_give_no_finding_and_show_all_output(gate: Bench) -> None:
    assert gate.run("echo made > src/made; printf 'no newline'", "test ! -e src/made", "git diff --exit-code") == ()
    assert gate.said[0].startswith("gates: 5.1.1 on ")
    assert gate.said[1:] == [
        "$ echo made > src/made; printf 'no newline'",
        "| no newline",
        "$ test ! -e src/made",
        "$ git diff --exit-code",
    ]


def test_the_first_red_command_ends_the_gating_and_names_the_place(gate: Bench) -> None:
    (found,) = gate.run(
        "true", "echo first; echo 'elsewhere.c:3: no'; echo './src/a.txt:2:7: wrong word' >&2; exit 4", "echo never"
    )
    assert (found.gate, found.file, found.line) == ("commands", "src/a.txt", 2)
    assert "exit code 4" in found.message and "wrong word" in found.message
    assert "never" not in gate.said


def test_a_stale_generated_file_is_red(gate: Bench) -> None:
    (found,) = gate.run("echo three >> src/a.txt && git diff --exit-code")
    assert "failed with exit code 1" in str(found) and "+three" in str(found)


def test_endless_output_is_bounded(gate: Bench) -> None:
    (found,) = gate.run("yes 'a long line of nothing' | head -c 5000000; head -c 100000 /dev/zero | tr '\\0' x; exit 1")
    assert len(found.message) < 30 * 410


def test_the_time_limit_kills_a_command(gate: Bench) -> None:
    (found,) = gate.run("echo begun; sleep 50", timeout=1)
    assert "did not end within 1 s" in str(found) and "begun" in str(found)


def test_a_command_out_of_memory_names_the_limit(gate: Bench) -> None:
    (found,) = gate.run("python3 -c \"b'x' * (400 << 20)\"", memory="64m")
    assert "out of memory (limit 64 MiB)" in str(found)


def test_gate_containers_have_no_network_and_no_rights(gate: Bench) -> None:
    assert gate.run(
        "test $(ls /sys/class/net | tr -d '\\n') = lo", "test $(id -u) = 1000", "grep -q 'CapEff:.*0000000000000000' /proc/self/status",
        "grep -q 'NoNewPrivs:.*1' /proc/self/status", "! kill -9 1", "! cat /proc/1/environ", "! touch /usr/x",
    ) == ()  # fmt: skip


def test_a_missing_image_is_infrastructure_and_not_a_finding(gate: Bench) -> None:
    with pytest.raises(ImageMissing, match=r"image phaseplan-test/none:1 is not on the Docker engine: pull it"):
        gate.run("true", image="phaseplan-test/none:1")
    assert not gate.client.volumes.list(filters={"label": f"phaseplan.ledger={gate.ledger}"})


def test_the_triggerer_shows_the_output(gate: Bench) -> None:
    gating = gate.bench().gating(gate.repo, gate.commit, ("sleep 1; echo a; echo b",))
    waiting = gating.advance(0.1)
    assert isinstance(waiting, Waiting) and waiting.begun
    trigger = ContainerTrigger(
        docker_url=settings().docker_url,
        container_id=waiting.container,
        phase=5,
        branch="5.1.1",
        repository=None,
        deadline=time.time() + 60,
    )
    _, again = trigger.serialize()

    async def fires() -> list[object]:
        return [event async for event in ContainerTrigger(**again).run()]  # as the triggerer makes it

    with capture_logs() as logged:
        assert len(asyncio.run(fires())) == 1
    shown = [entry["event"] for entry in logged]
    assert shown == ["| a", "| b"]
    assert gating.advance(5) == ()
    gating.close()


def test_another_process_continues_a_gating_from_its_labels(gate: Bench) -> None:
    commands = ("echo a", "sleep 3; echo b", "echo src/a.txt:1: c; exit 2", "echo never")
    first = gate.bench().gating(gate.repo, gate.commit, commands)
    waiting = first.advance(0.5)
    while isinstance(waiting, Waiting) and waiting.command == commands[0]:  # on a busy machine
        waiting = first.advance(0.5)
    assert isinstance(waiting, Waiting) and waiting.command == commands[1]
    gating = gate.bench().gating(gate.repo, gate.commit, commands)  # as another process would
    (found,) = gating.advance(30)
    assert (found.file, found.line) == ("src/a.txt", 1)
    gating.show()
    assert gate.said == ["$ echo a", "| a", "$ sleep 3; echo b", "| b", f"$ {commands[2]}", "| src/a.txt:1: c"]
    gating.close()
    assert engine.find(gate.client, ledger=gate.ledger) == []


def test_no_temporary_image_is_left(gate: Bench) -> None:
    gate.run("true", "false")
    wanted = {"label": f"phaseplan.ledger={gate.ledger}"}
    until = time.monotonic() + 10  # it is removed aside
    while gate.client.api.images(filters=wanted) and time.monotonic() < until:
        time.sleep(0.1)
    assert gate.client.api.images(filters=wanted) == []


def test_an_image_with_a_volume_at_the_workspace_is_gated(gate: Bench, client: docker.DockerClient) -> None:
    made = client.api.create_container(image=AGENT, command=["true"])["Id"]
    image = client.api.commit(made, changes=["VOLUME /workspace"])["Id"]
    client.api.remove_container(made)
    try:
        assert gate.run("rm src/a.txt && touch new", "test -f src/a.txt && ! test -e new", image=image) == ()
    finally:
        client.api.remove_image(image, force=True)
    assert not gate.client.volumes.list(filters={"label": f"phaseplan.ledger={gate.ledger}"})


def test_regenerate_brings_back_only_what_matches(gate: Bench) -> None:
    make = ["mkdir -p gen && wc -l < src/a.txt > gen/count && echo x > other && rm src/tool.sh"]
    made = gate.bench().regenerate(gate.repo, gate.commit, make, ["gen/**"])
    assert gate.repo.changed_paths(gate.commit, made) == ("gen/count",)
    assert gate.repo.run("show", f"{made}:gen/count").out == "2\n"
    assert gate.repo.rev(f"{made}^") == gate.commit
    assert gate.bench().regenerate(gate.repo, gate.commit, make, ["gen/**"]) == made  # pinned
    assert gate.bench().regenerate(gate.repo, made, make, ["gen/**"]) == made  # nothing left to do


def test_generators_share_files_but_no_processes(gate: Bench) -> None:
    make = ["mkdir gen; echo 1 > gen/a; (sleep 1; echo late > gen/a) & true", "sleep 2; cp gen/a gen/b"]
    made = gate.bench().regenerate(gate.repo, gate.commit, make, ["gen/**"])
    assert gate.repo.run("show", f"{made}:gen/b").out == "1\n"
    assert gate.said[1:] == [f"$ {command}" for command in make]


def test_a_failed_generator_gives_findings(gate: Bench) -> None:
    with pytest.raises(GateFailed, match="exit code 7"):
        gate.bench().regenerate(gate.repo, gate.commit, ["exit 7"], ["gen/**"])
    with pytest.raises(GateFailed, match="out of the tree"):
        gate.bench().regenerate(gate.repo, gate.commit, ["mkdir gen && ln -s /etc gen/etc"], ["gen/**"])
