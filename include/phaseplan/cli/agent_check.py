"""Try an agent profile on one small task of its own: what works here works in a phase, and what does not is said."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from docker import DockerClient

from phaseplan.airflow.operators.secrets import check_secrets, completed, secrets, way_out
from phaseplan.attempt.gateway import trouble_words
from phaseplan.cli.agent_image import looked_into
from phaseplan.config.settings import settings
from phaseplan.containers import engine, given_secrets, pid1
from phaseplan.containers.agent import create_agent
from phaseplan.containers.collect import Collected, collect
from phaseplan.containers.engine_errors import ImageMissing
from phaseplan.containers.gateways.gateway import close, close_found, gateway_of, open_gateway, orphans, remove_agent
from phaseplan.containers.gateways.record import GatewayRecord, read_record
from phaseplan.containers.labels import Labels, Role
from phaseplan.containers.log_following import Exit, follow
from phaseplan.containers.probe import check_profile
from phaseplan.containers.redact import Redactor
from phaseplan.errors import InputFault
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.presets import PRESETS
from phaseplan.repository.repo import GitRepo
from phaseplan.text.program import PROGRAM
from phaseplan.text.shown import one_line, plain

FILE = "phaseplan-check/hello.txt"
_PATIENCE = 300.0  # seconds for a task of one file
_LEDGER = "check"  # what its containers carry in the place of a ledger's id
_KILLED = 3600.0  # seconds after which a check is not at work any more
_TASK = f"""# Check

Write the file `{FILE}` in your checkout, which is `/workspace`. It holds the one word `hello`. Change nothing else, and
commit it if you can.
"""


def check(client: DockerClient, name: str, profile: AgentProfile) -> int:
    """Run the task and print what came of it; 0 where a branch could be built, 1 where profile or agent are at fault.

    :raises PhaseplanError: the engine, an image or a connection is missing; the message says what to do.
    """
    _look(client, name, profile)
    _clear_away(client)
    profile = completed(profile)
    begun, redact = time.monotonic(), Redactor(secrets(profile).values())
    remarks = list(looked_into(client, profile, _labels("agent", time.time_ns() % 10**9)))
    with (
        redact.errors(),
        tempfile.TemporaryDirectory(prefix="phaseplan-check-") as folder,
        _agent(client, profile, Path(folder)) as (container, repo, base),
    ):
        ended = _followed(client, container, profile, redact)
        record = _record(client, container)
        collected = collect(
            client, image=settings().collector_image, container_id=container, profile=profile,
            labels=_labels("collector"), repo=repo, base=base, secret_values=tuple(secrets(profile).values()),
        )  # fmt: skip
        wrote = (
            collected.raw is not None and repo.run("cat-file", "-e", f"{collected.raw}:{FILE}", ok=(0, 128)).code == 0
        )
    refused = record.refused if record else ()
    trouble = trouble_words(record.trouble, name, profile) if record and record.trouble else ""
    advice = list(_advice(profile, ended, collected, wrote, trouble))
    remarks += [
        f"{host} is refused: name it in `egress` of the profile, if its agents may reach it" for host in refused
    ]
    print(f"\n{name}: {'works' if wrote and not advice else 'does not work'}, {time.monotonic() - begun:.0f} s")
    for line in (*advice, *remarks):
        print(f"- {plain(redact(line))}")
    return 1 if advice else 0


def _look(client: DockerClient, name: str, profile: AgentProfile) -> None:
    """Look at engine, images and secrets, in the order in which they cost time."""
    engine.image_digest(client, settings().collector_image)
    if profile.gateway:
        engine.image_digest(client, settings().gateway_image)
    try:
        check_profile(client, name, profile, 0)
    except ImageMissing as error:
        if profile.use and profile.image == PRESETS[profile.use].image:
            raise InputFault(f"{error}. Next: {PROGRAM} agents build {profile.use}") from error
        raise
    for line in check_secrets({name: profile}):
        print(plain(line))


def _labels(role: Role, number: int = 0) -> Labels:
    """Return the labels of a container; its claim says when the check began."""
    return Labels(_LEDGER, 0, "check", number, f"check/{int(time.time())}", role)


def _clear_away(client: DockerClient) -> None:
    """Remove what checks have left that were killed, with gateways and volumes; one that may be at work stays."""
    found = engine.find(client, ledger=_LEDGER)
    old = [each for each in found if time.time() - float(each.labels.claim.partition("/")[2] or 0) > _KILLED]
    for container in old:
        if container.labels.role == "agent":
            remove_agent(client, container)
        elif container.labels.role != "gateway":
            engine.remove(client, container.id)
    for gateway in orphans(old):
        close_found(client, gateway)


@contextmanager
def _agent(client: DockerClient, profile: AgentProfile, folder: Path) -> Iterator[tuple[str, GitRepo, str]]:
    """Start the agent's container with the repository and the commit it begins from; remove it afterwards."""
    repo = GitRepo.init(folder / "check.git")
    base = _first_commit(repo)
    labels = _labels("agent", time.time_ns() % 10**9)
    values, configured, way = secrets(profile), settings(), way_out()
    with ExitStack() as stack:
        gateway = None
        if profile.gateway:
            gateway = open_gateway(client, configured.gateway_image, profile, labels, values, profile.budget, way)
            stack.callback(close, client, labels, gateway.pair)
        container = create_agent(
            client, profile=profile, labels=labels, secrets=values, environment={}, repo=repo, commit=base,
            branch_name="phaseplan-check", documents={"task.md": _TASK.encode(), "task.json": b"{}\n"},
            pid1=pid1.files(client, configured.collector_image, configured.state)
            + given_secrets.seal(profile, values, configured.state), gateway=gateway, way_out=way,
        )  # fmt: skip
        stack.callback(engine.remove, client, container)
        given_secrets.start(client, container, given_secrets.files_of(profile, values))
        yield container, repo, base


def _first_commit(repo: GitRepo) -> str:
    """Make a commit with one file and no parent."""
    blob = repo.run("hash-object", "-w", "--stdin", stdin=b"A repository to try an agent in.\n").out.strip()
    tree = repo.run("mktree", stdin=f"100644 blob {blob}\tREADME.md\n".encode()).out.strip()
    return repo.run("commit-tree", "-m", "A repository to try an agent in", tree).out.strip()


def _followed(client: DockerClient, container: str, profile: AgentProfile, redact: Redactor) -> Exit | None:
    """Show an agent's output, without secrets and control characters, and stop the agent when it takes too long."""
    ended = follow(client, container, lambda line: print(one_line(line), flush=True), _patience(profile), redact=redact)
    if ended is None:
        engine.stop(client, container)
    return ended


def _record(client: DockerClient, container: str) -> GatewayRecord | None:
    """Stop the gateway of an ended agent, and print what it counted and refused."""
    gateway = gateway_of(client, engine.look(client, container))
    if gateway is None:
        return None
    engine.stop(client, gateway.id, grace=5)
    record = read_record(client, gateway.id)
    if record is not None:
        print(f"Used {record.usage} in {record.calls} calls, as the gateway counted them.")
    return record


def _patience(profile: AgentProfile) -> float:
    """Return the seconds that the task may take."""
    return min(_PATIENCE, float(profile.timeout))


def _advice(
    profile: AgentProfile, ended: Exit | None, collected: Collected, wrote: bool, trouble: str
) -> Iterator[str]:
    """Say what to do about each thing that is wrong.

    :param trouble: what the gateway says of the provider, if that did not answer at the end.
    """
    if ended is None:
        yield f"it did not end within {_patience(profile):g} s and was stopped: its last lines say what it waited for"
    elif ended.code in profile.infrastructure_exit_codes:
        why = trouble or "its last line says why, and Airflow would try again"
        yield f"its provider is away (exit code {ended.code}): {why}"
    elif trouble and (ended.code or not wrote):
        yield trouble
    elif ended.code:
        yield f"it ended with exit code {ended.code}: its last lines say why"
    for finding in collected.findings:
        if not finding.informs:
            yield str(finding)
    if not wrote and ended is not None and not ended.code:
        yield f"it ended well and did not write {FILE}: does `command` of the profile read /phaseplan/task.md?"
