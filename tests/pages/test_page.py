"""The page of a branch, from real repositories: what agents wrote is text, and there is never too much of it."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import yaml

from phaseplan.ledger.money.usage import ModelUsage, Usage
from phaseplan.ledger.records import Token
from phaseplan.plan.names import branch_task_id
from phaseplan.report.pages.diff import diff_of
from phaseplan.report.pages.look import Look, look
from phaseplan.report.pages.render import HEADERS, Links, page, problem
from tests.git.lab import Lab, commit_files, plan_of

EVIL = "<script>alert(1)</script>"
LINKS = Links(branch_task_id, "http://airflow/dags/phase_05")


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.ids += [value or "" for name, value in attrs if name == "id"]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    """Make a phase in which 5.2 fails twice, with hostile text, and 5.1 and 5.3 would conflict."""
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__STATE", str(tmp_path / "state"))
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__PLANS", str(tmp_path / "plans"))
    lab = Lab(tmp_path, {"README": "base\n", "pkg/a.go": "package pkg\n"})
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", str(lab.url))
    token = lab.open(plan_of({"5.1": [], "5.2": [], "5.3": [], "5.4": ["5.2"]}, title=EVIL, attempts=1))
    lab.build(token, "5.1", {"pkg/a.go": "package pkg // 5.1\n"})
    lab.build(token, "5.3", {"pkg/a.go": "package pkg // 5.3\n"})
    lab.build(token, "5.2", {"x": "1\n"}, outcome="failed", reason=f"one {EVIL}", claim="c/0")
    files = {f'{EVIL}"onload="x': f"{EVIL}\n\u202eevil\x1b[31m\n", "x": "2\n"}
    lab.build(token, "5.2", files, outcome="failed", reason=f"two {EVIL}", claim="c/1")
    return lab


def seen(task: str, **more: bool) -> Look:
    found = look(5, task, branch_task_id, **more)
    assert found is not None
    return found


def html(task: str) -> str:
    return page(seen(task), LINKS)


def test_a_page_shows_attempts_findings_and_diff_and_runs_no_script(lab: Lab) -> None:
    found = seen(branch_task_id(plan_of({"5.2": []}), "5.2"))
    text = page(found, LINKS)
    assert found.branch is not None
    assert [(t.status.attempt, t.status.outcome) for t in found.branch.tried] == [(2, "failed"), (1, "failed")]
    assert found.branch.diff is not None and [f.name for f in found.branch.diff.files][1] == "x"
    read = Reader(text)
    assert not {"script", "img", "iframe", "form", "link", "object"} & set(read.tags)
    assert not [name for name, _ in read.attributes if name.startswith("on") or name == "style"]
    assert {"attempts", "diff", "conflicts"} <= set(read.ids)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text and "two &lt;script&gt;" in text
    assert "\x1b" not in text and "\u202e" not in text
    assert str(lab.url) not in text, "the page does not show where the repository is"


def test_predicted_conflicts_name_the_other_branch(lab: Lab) -> None:
    task = branch_task_id(plan_of({"5.3": []}), "5.3")
    text = html(task)
    assert re.search(r'with\s+<a href="wave_1\.5-1_[^"]*">5\.1 Branch 5\.1</a>\s+in\s+<code>pkg/a\.go</code>', text)
    assert "this branch would be isolated" in " ".join(text.split())


def test_a_blocked_branch_names_the_branch_it_needs(lab: Lab) -> None:
    text = html(branch_task_id(plan_of({"5.4": []}), "5.4"))
    assert "Why it is blocked" in text and re.search(r'<a href="wave_1\.5-2_[^"]*">5\.2 Branch 5\.2</a>', text)
    assert "No attempt has commits yet." in text


def test_a_task_that_builds_no_branch_shows_the_phase(lab: Lab) -> None:
    text = html("open_phase")
    assert len(re.findall(r'<a href="wave_1\.5-\d_', text)) == 4 and EVIL not in text
    framed = page(seen("open_phase"), Links(branch_task_id, "http://airflow", framed=True))
    assert "?framed=1" in framed and "_blank" not in framed


def test_a_phase_that_was_never_opened_is_shown_by_its_plan(
    tmp_path: Path, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plans").mkdir()
    rows = [{"id": "6.1", "branch": "feature/p6w1-x", "title": "X", "owns": ["x/"]}]
    plan = {"phase": 6, "title": "t", "base": "main", "agent": "go", "waves": [{"wave": 1, "branches": rows}]}
    (tmp_path / "plans/phase-06.yaml").write_text(yaml.safe_dump(plan))
    (tmp_path / "agents.yaml").write_text('go: {image: "x:1", command: [x]}\n')
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__AGENTS", str(tmp_path / "agents.yaml"))
    found = look(6, "wave_1.6-1_x", branch_task_id)
    assert found is not None and "None yet." in page(found, LINKS)
    assert look(7, "open_phase", branch_task_id) is None


def test_the_compare_link_of_a_known_forge_shows_no_login(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "https://robot7:s3cret@github.com/o/r.git"
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", f"url.{lab.url}.insteadOf")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", "https://github.com/o/r.git")  # git is given no login
    monkeypatch.setenv("AIRFLOW__PHASEPLAN__REPOSITORY", secret)
    found = seen(branch_task_id(plan_of({"5.1": []}), "5.1"))
    assert found.branch is not None and (shown := found.branch.shown) is not None
    assert shown.compare == f"https://github.com/o/r/compare/{shown.base}...{shown.head}"
    text = page(found, LINKS)
    assert text.count(f'href="{shown.compare}"') == 2 and "s3cret" not in text and "robot7" not in text


def test_a_huge_diff_is_cut(lab: Lab) -> None:
    base = lab.main
    head = commit_files(lab.repo, base, {"big": "x" * 99 + "\n" * 1 + ("y" * 99 + "\n") * 30_000, "z": "z\n"}, "flood")
    found = diff_of(lab.repo, base, head)
    assert found.cut and sum(len(line) for _, line in found.files[0].lines) <= 1 << 20
    assert not diff_of(lab.repo, base, base).files


def test_lines_that_look_like_headers_are_lines(lab: Lab) -> None:
    text = "diff --git a/x b/x\n--- a/x\n+++ b/y\n@@ -1 +1 @@\n"
    head = commit_files(lab.repo, lab.main, {"a b/fake": text, "README": None}, "x")
    files = {file.name: file for file in diff_of(lab.repo, lab.main, head).files}
    assert set(files) == {"a b/fake", "README"}
    assert [line for kind, line in files["a b/fake"].lines if kind == "add"] == text.splitlines()
    assert files["README"].removed == 1


def test_the_policy_allows_our_style_and_nothing_else() -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy
    assert Reader(problem(EVIL, EVIL)).tags.count("script") == 0


def test_what_the_attempts_used_and_were_refused_is_shown_as_text(lab: Lab) -> None:
    task = branch_task_id(plan_of({"5.1": []}), "5.1")
    assert "<dt>Used" not in html(task), "nothing was counted"
    models = {"gpt": ModelUsage(input=12300, output=1240, usd=0.0812)}
    usage = Usage(calls=2, models=models, refused={EVIL: 3})
    run = lab.read().run
    assert run is not None
    token = Token(run=run.id, epoch=run.epoch, base=run.base, plan=run.plan)
    lab.build(token, "5.1", {"pkg/a.go": "package pkg // 1\n"}, claim="c/2", fields={"usage": usage})
    text = html(task)
    assert "<dt>Used</dt><dd>12,300 tokens in, 1,240 out, $0.08</dd>" in text
    assert "<dt>Used" in html("close_phase") and "$0.08</td>" in html("close_phase"), "the page of the phase"
    assert "&lt;script&gt;alert(1)&lt;/script&gt;</code> 3 times" in text and "script" not in Reader(text).tags
