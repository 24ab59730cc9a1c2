"""An attempt whose gateway reaches its provider through a company's proxy, in real containers."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from phaseplan.attempt.job import Done, Running
from phaseplan.attempt.step import step
from phaseplan.containers.gateways.way_out import WayOut
from phaseplan.containers.log_following import follow
from tests.agents.gateway_stage import CLAIM, KEY, left_over, profile, stage_of
from tests.agents.model_server import Model
from tests.gateway.proxy import Proxy, serving
from tests.gateway.test_faults import certificate

pytestmark = [pytest.mark.docker, pytest.mark.timeout(300), pytest.mark.usefixtures("gateway")]
LOGIN = "me:pass-of-the-proxy-0123"
ASKS = """
bundle = os.environ.get("SSL_CERT_FILE", "")
write(f"{ask()[:20]} {bundle} {pathlib.Path(bundle).read_text().count('BEGIN')}")
while not pathlib.Path("a/go").exists(): __import__("time").sleep(0.1)
"""


def test_the_provider_is_asked_through_the_proxy_whose_login_no_description_or_file_has(
    tmp_path: Path, model: Model, host: str
) -> None:
    certificate(tmp_path)
    port = int(model.url.rpartition(":")[2])
    with serving(Proxy({"models.invalid:80": port}, LOGIN, inside=host), host=host) as proxy:
        way = WayOut((tmp_path / "ca.pem").read_text(), proxy.url, (), LOGIN)
        made = profile(model, ASKS, endpoint="http://models.invalid/v1", egress=["files.invalid"])
        with stage_of(tmp_path, made) as stage:
            for _ in range(6):
                with stage.job(CLAIM, OPENAI_API_KEY=KEY) as job:
                    outcome = step(replace(job, way_out=lambda: way))
                if isinstance(outcome, Done):
                    break
                assert isinstance(outcome, Running)
                if outcome.role == "agent":
                    (gateway,) = [c for c in stage.containers() if c.labels.role == "gateway"]
                    shown = json.dumps(stage.client.api.inspect_container(gateway.id))
                    pieces, _ = stage.client.api.get_archive(gateway.id, "/phaseplan")
                    go = ["sh", "-c", "mkdir -p a && touch a/go"]
                    stage.client.api.exec_start(stage.client.api.exec_create(outcome.container, go, user="1000"))
                follow(stage.client, outcome.container, stage.said.append, 60)
            assert isinstance(outcome, Done) and outcome.verdict.outcome == "passed", stage.said[-5:]
            assert outcome.verdict.usage is not None and outcome.verdict.usage.calls == 1
            assert left_over(stage) == []
            files = _files(b"".join(pieces))
            assert files["phaseplan/proxy"] == files["phaseplan/key"] == b""
            everything = shown.encode() + b"".join(files.values()) + "\n".join(stage.said).encode()
            assert not [form for form in (LOGIN.encode(), base64.b64encode(LOGIN.encode())) if form in everything]
            with stage.job(CLAIM) as job:
                wrote = job.repo.run("show", f"{outcome.verdict.commit}:a/file.txt").out
            assert " /phaseplan/ca.pem " in wrote and int(wrote.split()[-1]) > 50, wrote
    assert set(proxy.asked) == {"CONNECT models.invalid:80 HTTP/1.1"}


def _files(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {m.name: file.read() for m in tar if m.isreg() and (file := tar.extractfile(m))}
