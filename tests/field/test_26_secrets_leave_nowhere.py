"""Line 26: a secret's value is never published or shown, in any form.

Was: a secret in a path (a folder, a file too large) was pushed to the target in verdict.json and status.log and shown
on screen, because findings were not redacted; one across character 4,096 of a log line was cut first, then not found.
Right: verdicts, findings, reasons, status lines and logs are redacted before they are published or cut, in the usual
encodings too.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import quote

import pytest
from structlog.testing import capture_logs

from phaseplan.airflow.triggers.container import ContainerTrigger
from phaseplan.attempt.job import Again, Done, Running
from phaseplan.attempt.ready import look
from phaseplan.attempt.replay import replay
from phaseplan.attempt.step import step
from phaseplan.config.settings import settings
from phaseplan.containers.lines import LIMIT, Lines
from phaseplan.containers.log_following import follow
from phaseplan.containers.redact import Redactor
from phaseplan.containers.secret_scan import leaks
from phaseplan.phase.open import open_phase
from phaseplan.repository.repo import GitError, GitRepo
from tests.build.conftest import Stage, stage

__all__ = ["stage"]

SECRET = "p@ss/word+correct horse"
docker = pytest.mark.docker
IN_A_FOLDER = 'mkdir -p "a/$API_KEY/$API_KEY"; echo x > "a/$API_KEY/$API_KEY/x"'
TOO_LARGE = 'mkdir -p "b/$API_KEY"; head -c 3000000 /dev/urandom > "b/$API_KEY/large"'
IN_A_REASON = 'mkdir -p a; echo "no key: $API_KEY"; exit 75'


@docker
@pytest.mark.parametrize(
    "stage", [IN_A_FOLDER, TOO_LARGE, IN_A_REASON], indirect=True, ids=["folder", "large", "reason"]
)
def test_a_secret_in_a_path_or_a_reason_is_pushed_nowhere_and_shown_nowhere(stage: Stage) -> None:
    secret = "correct-horse-battery"
    _small(stage)
    with stage.job(API_KEY=secret) as job:
        running = step(job)
    assert isinstance(running, Running)
    follow(stage.client, running.container, lambda _: None, 20)
    with stage.job(API_KEY=secret) as job:
        outcome = step(job)
    assert isinstance(outcome, Done | Again)
    try:
        assert secret not in outcome.verdict.model_dump_json()
        assert "***" in outcome.verdict.model_dump_json()
        assert secret not in "\n".join(stage.said)
        assert not (_pushed(stage) & {secret})
        for mirror in (stage.state / "logs").rglob("*.log"):
            assert secret not in mirror.read_text()
    finally:
        for volume in stage.client.volumes.list(filters={"label": f"phaseplan.ledger={stage.snapshot().ledger.id}"}):
            volume.remove(force=True)


def _small(stage: Stage) -> None:
    """Open the phase again for an agent of which little may come back."""
    pinned = stage.snapshot().pinned
    assert pinned
    profile = pinned.profiles["sh"].model_copy(update={"max_output": 1 << 20, "secrets": {"API_KEY": "a_connection"}})
    with stage.remote.private(state=stage.state) as repo:
        stage.token = open_phase(
            stage.remote, repo, pinned.plan, {"sh": profile}, run_id="run-1", base_name="main", start="wave", agent="sh"
        )


def _pushed(stage: Stage) -> set[str]:
    """Return the content of every object of the target."""
    git = ["git", "-C", stage.remote.url]
    listed = subprocess.run(
        [*git, "cat-file", "--batch-all-objects", "--batch"], check=True, capture_output=True
    ).stdout
    return {word for word in ("correct-horse-battery",) if word.encode() in listed}


@docker
@pytest.mark.parametrize(
    "stage", ['printf "%04090d%s and more\\n" 0 "$API_KEY"; sleep 1; mkdir a; echo x > a/file.txt'], indirect=True
)
def test_a_secret_across_the_cut_of_a_line_is_not_shown(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "correct-horse-battery"
    with stage.job(API_KEY=secret) as job:
        running = step(job)
        assert isinstance(running, Running)
        trigger = ContainerTrigger(
            docker_url=settings().docker_url, container_id=running.container, phase=7, branch="7.1.1",
            repository=None, deadline=2e9, secrets=(("API_KEY", "a_connection"),),
        )  # fmt: skip

        async def changed_since() -> list[str]:
            return ["another-value"]

        monkeypatch.setattr(trigger, "_passwords", changed_since)
        with capture_logs() as logged:
            asyncio.run(_event(trigger))
        replay(look(job), 1)
    for said in ("\n".join(str(entry["event"]) for entry in logged), "\n".join(stage.said)):
        assert "0000***" in said
        assert not any(secret[:n] in said for n in range(4, len(secret)))


async def _event(trigger: ContainerTrigger) -> object:
    return [event async for event in trigger.run()]


@pytest.mark.parametrize("seam", range(1, 24))
def test_pieces_of_a_stream_may_part_a_secret_anywhere(seam: int) -> None:
    lines = Lines(Redactor([SECRET]))
    text = f"the key is {SECRET} and\n"
    at = len("the key is ") + seam
    assert [*lines.feed(text[:at]), *lines.feed(text[at:])] == ["the key is *** and"]


@pytest.mark.parametrize("before", range(LIMIT - 30, LIMIT + 3))
def test_what_is_cut_ends_with_no_part_of_a_secret(before: int) -> None:
    lines = Lines(Redactor([SECRET]))
    (line,) = lines.feed("-" * before + SECRET * 3 + "-" * 10_000 + "\n")
    assert not any(part in line for part in ("p@", "ss/", "word", "horse"))
    assert "more characters of this line are not shown" in line


@pytest.mark.parametrize("place", range(3))
def test_the_usual_encodings_are_the_secret_too(place: int) -> None:
    around = f"{'x' * place}{SECRET}yz".encode()
    hide = Redactor([f"  {SECRET}\n", "-----BEGIN KEY-----\nfirst-line\nlast-line\n-----END KEY-----"])
    for text in (quote(SECRET), base64.b64encode(around).decode(), base64.urlsafe_b64encode(around).decode()):
        assert "***" in hide(text)
    assert hide(SECRET.encode().hex()) == "***"
    assert hide("first-line") == "***"
    assert hide("-----BEGIN KEY-----") == "-----BEGIN KEY-----", "the beginning of every key is no secret"


@pytest.mark.parametrize("before", range(1940, 2000, 3))
def test_words_of_git_are_cut_after_they_are_redacted(tmp_path: Path, before: int) -> None:
    """A piece of a secret at the end of what an error quotes is no secret's value, and was shown."""
    repo, redact = GitRepo.init(tmp_path / "repo"), Redactor([SECRET])
    with pytest.raises(GitError) as raised, redact.errors():
        repo.run("cat-file", "-t", "x" * (before - 40) + SECRET * 5)
    assert "xxx***" in str(raised.value)
    assert not any(SECRET[:n] in str(raised.value) for n in range(4, len(SECRET)))


@pytest.mark.parametrize("command", ["base64", "base64 -w 64", "xxd -p", "openssl base64"])
def test_a_long_secret_in_the_lines_of_an_encoder_is_the_secret_too(command: str) -> None:
    secret = "".join(chr(33 + i * 37 % 90) for i in range(150))
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"no {command}")
    output = subprocess.run(command, shell=True, input=secret, text=True, capture_output=True, check=True).stdout
    hide = Redactor([secret])
    lines = [line for line in output.splitlines() if len(line) > 8]
    assert lines and {hide(line).strip("=") for line in lines} == {"***"}


def test_a_secret_with_a_slash_is_found_in_a_path(tmp_path: Path) -> None:
    """No object holds it: each folder is an object that holds one name."""
    repo = GitRepo(tmp_path)
    repo.run("init", "--quiet")
    repo.run("commit", "--quiet", "--allow-empty", "-m", "base")
    base = repo.line("rev-parse", "HEAD")
    (tmp_path / "a" / SECRET).mkdir(parents=True)
    (tmp_path / "a" / SECRET / "x").touch()
    repo.run("add", "-A")
    repo.run("commit", "--quiet", "-m", "work")
    found = leaks(repo, base, repo.line("rev-parse", "HEAD"), [SECRET])
    assert [finding.gate for finding in found] == ["secrets"]
    assert leaks(repo, base, repo.line("rev-parse", "HEAD"), ["another/secret"]) == ()


@pytest.mark.parametrize("secret", ['p\u00e4ss"word\\and more', "<tag>&value's"])
def test_a_secret_is_known_as_other_programs_quote_it(tmp_path: Path, secret: str) -> None:
    repo, hide = GitRepo.init(tmp_path / "repo"), Redactor([secret])
    blob = repo.run("hash-object", "-w", "--stdin", stdin=b"x").out.strip()
    tree = repo.run("mktree", "-z", stdin=f"100644 blob {blob}\t{secret}\0".encode()).out.strip()
    assert secret.encode() not in repo.run("ls-tree", tree).out.encode() or "<" in secret
    data = [repo.run("ls-tree", tree).out, repr(secret), html.escape(secret), json.dumps(secret, ensure_ascii=False)]
    assert all("***" in hide(text) for text in data)
