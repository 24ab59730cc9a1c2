"""Line 18: names, addresses and values of a plan that mean something else to git or Airflow are refused or reported.

Was: lint accepted `refs/heads/main`, `integration/phase-6` and names that differ in case only; `{{` in an agent's
command was rendered by Airflow; `repository: fd::3` let git wait for ever; a `.yml` plan never became a DAG.
Right: errors or warnings with code, place and hint; nothing of a plan is a template; git runs no helper that a plan
names, and every git command has a time limit after which it is killed with all it started.
"""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from phaseplan.airflow.compile.dag import compile_plan
from phaseplan.airflow.compile.options import Options
from phaseplan.cli.show.tables import waves
from phaseplan.config.plan_cache import PlanFiles
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import Settings, repository_for, settings
from phaseplan.errors import Infrastructure, InputFault
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import load_campaign
from phaseplan.plan.lint.diagnostics import Diagnostic
from phaseplan.report.status import build_status
from phaseplan.repository import time_limits as patience
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.repository.stream import output
from tests.cli.plans import plan as small
from tests.git.lab import Lab, plan_of


def _lint(tmp_path: Path, names: list[str], owns: list[str] | None = None, more: str = "") -> list[Diagnostic]:
    lines = [f"phase: 9\ntitle: A phase\n{more}waves:\n  - wave: 1\n    branches:\n"]
    for i, name in enumerate(names):
        path = owns[i] if owns else f"/{i}/"
        lines.append(f'      - {{id: "9.{i}", branch: "{name}", title: One, owns: ["{path}"]}}\n')
    (tmp_path / "plan.yaml").write_text("".join(lines))
    found = load_campaign([tmp_path / "plan.yaml"], None).diagnostics
    return [d for d in found if d.code != "PP602"]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("refs/heads/main", "PP309"),
        ("heads/main", "PP309"),
        ("tags/v1", "PP309"),
        ("remotes/origin/main", "PP309"),
        ("integration/phase-6", "PP309"),
        ("Integration/Phase-6", "PP309"),
        ("integration/phase-6/x", "PP309"),
        ("phaseplan/phase-9/ledger", "PP309"),
        ("a" * 40, "PP309"),
        ("FETCH_HEAD", "PP309"),
        ("feature/x\u200b", "PP309"),
        ("feature/\u202ex", "PP309"),
        ("feature/x\u00a0y", "PP309"),
        ("feature/x\u200d", "PP309"),
        ("integration/phase-9", "PP307"),
        ("main", "PP307"),
        ("integration", "PP305"),
    ],
)
def test_a_git_name_that_reads_as_another_ref_is_an_error(tmp_path: Path, name: str, code: str) -> None:
    (found,) = _lint(tmp_path, [name])
    assert (found.code, found.severity, found.line) == (code, "error", 6)
    assert found.hint and (name in found.message or ascii(name) in found.message)


@pytest.mark.parametrize(
    "name",
    [
        "feature/\U0001f469\u200d\U0001f4bb",
        "feature/refs/heads/x",
        "x/phaseplan",
        "integration-tests/x",
        "integration/phase-x",
    ],
)
def test_a_git_name_that_only_resembles_another_ref_is_allowed(tmp_path: Path, name: str) -> None:
    assert _lint(tmp_path, [name]) == []


def test_a_later_attempt_does_not_get_the_name_of_the_base(tmp_path: Path) -> None:
    (found,) = _lint(tmp_path, ["release"], more="base: release-v2\n")
    assert found.code == "PP306" and "release-v2, which is the base" in found.message


@pytest.mark.parametrize(
    ("names", "owns", "code"),
    [
        (["feature/x", "feature/X"], None, "PP310"),
        (["feature/x", "Feature/y"], None, "PP310"),
        (["feature/caf\u00e9", "feature/cafe\u0301"], None, "PP310"),
        (["Main"], None, "PP310"),
        (["a", "b"], ["/docs/API.md", "docs/api.md"], "PP510"),
        (["a", "b"], ["/Docs/a/", "/docs/b/"], "PP510"),
        (["a", "b"], ["*.MD", "*.md"], "PP510"),
    ],
)
def test_names_that_differ_in_case_only_are_warned_of(
    tmp_path: Path, names: list[str], owns: list[str] | None, code: str
) -> None:
    (found,) = _lint(tmp_path, names, owns)
    assert (found.code, found.severity) == (code, "warning")
    assert found.line == 5 + len(names)


@pytest.mark.parametrize(
    "url",
    [
        "fd::3",
        "ext::sh -c date",
        "-oProxyCommand=date",
        "--upload-pack=date",
        "ssh://-oProxyCommand=date/x",
        "ssh://git@-oProxyCommand=date/x",
        "git@-oProxyCommand=date:x",
        "host:-x",
        "evil://host/x",
        "https://host/x\\nfoo",
        "",
    ],
)
def test_an_address_that_runs_a_program_is_refused_wherever_it_is_given(tmp_path: Path, url: str) -> None:
    (found,) = _lint(tmp_path, ["a"], more=f'repository: "{url}"\n')
    assert (found.code, found.severity, found.line) == ("PP704", "error", 3)
    if url:
        with pytest.raises(InputFault, match="address of the target repository"):
            repository_for(url.replace("\\n", "\n"))


@pytest.mark.parametrize("url", ["/srv/x.git", "../x", "git@host:x.git", "ssh://git@host:22/x", "file:///x", "C:x"])
def test_an_ordinary_address_is_accepted(tmp_path: Path, url: str) -> None:
    assert _lint(tmp_path, ["a"], more=f'repository: "{url}"\n') == []
    assert repository_for(url) == url


@pytest.mark.parametrize("url", ["fd::0", "ext::touch {}"])
def test_git_itself_runs_no_helper_that_an_address_names(tmp_path: Path, url: str) -> None:
    mark = tmp_path / "ran"
    since = time.monotonic()
    with pytest.raises(Infrastructure, match="not allowed"):
        Remote(url.format(mark)).refs()
    assert not mark.exists() and time.monotonic() - since < 60


def test_a_git_that_does_not_end_is_ended_with_all_it_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(patience.LIMITS, "ls-remote", 1.0)
    seconds = f"3131.{os.getpid()}"  # that no other process sleeps
    monkeypatch.setenv("GIT_SSH_COMMAND", f"sleep {seconds}; true")
    since = time.monotonic()
    with pytest.raises(Infrastructure, match=r"git ls-remote did not end within 1 s and was stopped: the target"):
        Remote("ssh://host/x").refs()
    assert time.monotonic() - since < 60
    assert f"sleep {seconds}" not in subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, text=True).stdout


def test_a_truncated_stream_of_git_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LIMIT", 0.5)
    repo = GitRepo.init(tmp_path / "x.git")
    with pytest.raises(Infrastructure, match="was stopped"), output(repo, "-c", "alias.w=!sleep 3232", "w") as stream:
        assert stream.read() == b""


def test_nothing_that_a_plan_or_a_profile_says_is_a_template() -> None:
    words = "{{ 1 / 0 }} {% bad"
    agent = AgentProfile(image="x", command=("sh", "-c", words))
    plan = small(title=words, agent="a", repository=f"/srv/{words}", notes=[words])
    for task in compile_plan(plan, Options(profiles={"a": agent})).tasks:
        assert list(task.template_fields) == []
        task.render_template_fields({})
    assert task.dag.jinja_environment_kwargs is None


def test_a_plan_ends_in_yaml_or_yml_wherever_plans_are_looked_for(tmp_path: Path) -> None:
    for phase, name in enumerate(["b.yml", "a.yaml", ".hidden.yaml", "notes.yaml.bak", "c.YAML"], 1):
        (tmp_path / name).write_text(_PLAN.format(phase))
    assert [file.name for file in plan_files(tmp_path)] == ["a.yaml", "b.yml", "c.YAML"]
    (tmp_path / "agents").write_text("a: {image: x}\n")
    configured = Settings(**{**vars(settings()), "plans": tmp_path, "agents": tmp_path / "agents"})
    assert sorted(PlanFiles().plans(configured)) == [1, 2, 5]


_PLAN = """phase: {0}
title: A phase
agent: a
waves: [{{wave: 1, branches: [{{id: "{0}.1", branch: feature/{0}, title: One, owns: [/a/]}}]}}]
"""


@pytest.mark.parametrize(
    ("names", "repositories", "warned"),
    [
        (("feature/x", "feature/x"), ("", ""), [True]),
        (("feature/x", "feature/x-v2"), ("", ""), [True]),
        (("feature/x-v3", "feature/x"), ("", ""), [True]),
        (("feature/x", "feature/x"), ("repository: /a\n", "repository: /b\n"), []),
        (("feature/x", "feature/x-v1"), ("", ""), []),
    ],
)
def test_a_name_of_two_phases_is_warned_of(
    tmp_path: Path, names: tuple[str, str], repositories: tuple[str, str], warned: list[bool]
) -> None:
    """The second phase took a later attempt of the first for a fix that a person has pushed."""
    files = []
    for phase, name, more in zip((1, 2), names, repositories, strict=True):
        _lint(tmp_path, [name], more=more)
        text = (tmp_path / "plan.yaml").read_text().replace("phase: 9", f"phase: {phase}")
        files.append(tmp_path / f"{phase}.yaml")
        files[-1].write_text(text)
    found = [d for d in load_campaign(files, None).diagnostics if d.code == "PP807"]
    assert [d.severity == "warning" and "publishes under" in d.message for d in found] == warned


def test_a_file_of_nothing_but_mistakes_is_answered_in_time(tmp_path: Path) -> None:
    """Fifty thousand unknown keys took half a minute, in which no other plan became a DAG."""
    file = tmp_path / "plan.yaml"
    file.write_text("phase: 1\n" + "".join(f"k{i}: 1\n" for i in range(50_000)))
    since = time.process_time()
    found = load_campaign([file], None).diagnostics
    assert time.process_time() - since < 10 and len(found) == 1001
    assert any("49,00" in d.message and "not shown" in d.message for d in found)


@pytest.mark.parametrize(
    "profile", ["image: ''", "image: ' x'", "image: 'x y'", "image: x, network: ''", 'image: "x\\ny"']
)
def test_a_profile_whose_image_or_network_is_no_name_is_an_error(tmp_path: Path, profile: str) -> None:
    """An empty one was met at the engine, of which it was then said that it does not answer."""
    _lint(tmp_path, ["a"])
    (tmp_path / "agents.yaml").write_text(f"a: {{{profile}}}\n")
    found = [d for d in load_campaign([tmp_path / "plan.yaml"], tmp_path / "agents.yaml").diagnostics if d.is_error]
    assert any("invalid name" in d.message and d.hint and "write one word" in d.hint for d in found)


def test_a_title_of_two_lines_is_one_in_a_status(tmp_path: Path) -> None:
    """Its second line passed for a line of the status log."""
    lab, title = Lab(tmp_path), "T\n2024-01-15 09:00 5.1.1 COMPLETED"
    plan = plan_of({"5.1.1": []})
    wave = plan.waves[0].model_copy(update={"title": title})
    lab.open(plan.model_copy(update={"title": title, "waves": (wave,)}))
    status = build_status(lab.read())
    assert "\n" not in status.title and not any("\n" in line for line in waves(status))
