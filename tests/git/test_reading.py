"""What reading a phase asks for: a listing, what is new by name, and nothing twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench.growth import Place
from phaseplan.errors import Bug
from phaseplan.ledger import read as reading
from phaseplan.ledger.read import read
from phaseplan.ledger.records import Verdict
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.write import Change, moved
from phaseplan.plan.model import Branch
from phaseplan.repository import cache, locks
from phaseplan.repository.cache import PrivateRepo
from phaseplan.repository.remote import Remote
from phaseplan.repository.repo import GitRepo, Result
from phaseplan.repository.time_limits import verb_of
from tests.git.lab import PHASE, Lab, commit_files, plan_of


@contextmanager
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[tuple[str, ...], list[str]]]]:
    """Every call of git meanwhile, with the lines it was fed."""
    said, run = list[tuple[tuple[str, ...], list[str]]](), GitRepo.run

    def noting(self: GitRepo, *args: str, **more: Any) -> Result:
        said.append((args, (more.get("stdin") or b"").decode().splitlines()))
        return run(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(GitRepo, "run", noting)
        yield said


def fetched(said: list[tuple[tuple[str, ...], list[str]]]) -> list[str]:
    """The refs that were asked for by fetches."""
    return [word[1:].split(":")[0] for args, _ in said if "fetch" in args for word in args if word.startswith("+refs")]


def built(lab: Lab, count: int) -> None:
    token = lab.open(plan_of({str(i): [] for i in range(1, count + 1)}))
    for i in range(1, count + 1):
        lab.build(token, str(i), {f"own/{i}": f"{i}\n"})


def test_a_few_new_refs_are_fetched_by_name_however_many_there_are(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab, 4)
    with lab.remote.private(state=tmp_path / "state") as repo:
        read(repo, lab.remote, PHASE)
    work = commit_files(lab.target, lab.main, {"own/1": "again\n"}, "again")
    ref = f"refs/phaseplan/phase-{PHASE}/attempts/1/2"
    lab.target.run("update-ref", ref, work)
    with lab.remote.private(state=tmp_path / "state") as repo, heard(monkeypatch) as said:
        assert read(repo, lab.remote, PHASE).attempts["1"][2] == work
    assert fetched(said) == [ref]
    with (
        lab.remote.private(state=tmp_path / "other") as repo,
        monkeypatch.context() as patch,
        heard(monkeypatch) as said,
    ):
        patch.setattr(reading, "_FEW", 3)
        assert read(repo, lab.remote, PHASE).attempts["1"][2] == work
    assert fetched(said)[0] == f"refs/phaseplan/phase-{PHASE}/*", "where much is new, all is asked for at once"


def test_a_ref_that_goes_while_it_is_read_is_no_error(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab, 2)
    ref = f"refs/phaseplan/phase-{PHASE}/attempts/1/2"
    lab.target.run("update-ref", ref, commit_files(lab.target, lab.main, {"own/1": "again\n"}, "again"))
    real = Remote.refs

    def listed_and_gone(self: Remote, pattern: str = "", *, repo: GitRepo | None = None) -> dict[str, str]:
        found = real(self, pattern, repo=repo)
        lab.target.run("update-ref", "-d", ref)
        return found

    monkeypatch.setattr(Remote, "refs", listed_and_gone)
    with lab.remote.private(state=tmp_path / "state") as repo:
        snapshot = read(repo, lab.remote, PHASE)
    assert list(snapshot.attempts["1"]) == [1] and len(snapshot.verdicts) == 2


def test_a_task_reads_no_record_twice(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(lab, 3)
    with lab.remote.private(state=tmp_path / "state") as repo:
        first = read(repo, lab.remote, PHASE)
        with heard(monkeypatch) as said:
            assert read(repo, lab.remote, PHASE) == first
        assert [lines for args, lines in said if args[0] == "cat-file"] == []
        again = lab.build(lab.open(plan_of({"1": [], "2": [], "3": []}), run="run-2"), "1", {"own/1": "2\n"})
        with heard(monkeypatch) as said:
            assert read(repo, lab.remote, PHASE).verdicts["1"][-1] == again
        asked = {name for args, lines in said if args[0] == "cat-file" for name in lines}
        assert len([name for name in asked if name.endswith(":verdict.json")]) == 1


def test_what_a_listing_that_is_handed_on_says_is_not_asked_again(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab, 1)
    with lab.remote.private(state=tmp_path / "state") as repo:
        listed = lab.remote.refs(repo=repo)
        with heard(monkeypatch) as said:
            read(repo, lab.remote, PHASE, listed=listed)
    assert not any("ls-remote" in args for args, _ in said)


def test_a_task_about_one_branch_understands_its_own_records_and_reads_nobodys_lines(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab, 6)
    understood, load = list[str](), reading._load

    def counting(model: Any, data: bytes | None, where: str) -> Any:
        understood.append(where) if model is Verdict else None
        return load(model, data, where)

    monkeypatch.setattr(reading, "_load", counting)
    with lab.remote.private(state=tmp_path / "state") as repo, heard(monkeypatch) as said:
        found = read(repo, lab.remote, PHASE, logs=False)
        assert found.state("3") == "passed" and found.not_ready("3") is None and found.next_attempt(_branch(found)) == 2
        assert understood == [f"refs/phaseplan/phase-{PHASE}/results/3/1.1"]
        asked = {name for args, lines in said if args[0] == "cat-file" for name in lines}
        assert sum(name.endswith(":verdict.json") for name in asked) == 6
        assert not [name for name in asked if name.endswith(".log")]
        whole = read(repo, lab.remote, PHASE)
        assert (whole.verdicts, whole.started) == (found.verdicts, found.started) and len(whole.status_lines) == 6


def test_nobody_writes_a_ledger_whose_lines_were_not_read(lab: Lab, tmp_path: Path) -> None:
    built(lab, 1)
    with lab.remote.private(state=tmp_path / "state") as repo:
        found = read(repo, lab.remote, PHASE, logs=False)
        with pytest.raises(Bug, match="has not read its logs"):
            moved(repo, lab.remote, found, Change(found.folded()))
    assert len(lab.read().status_lines) == 1


def test_a_commit_that_is_here_is_not_looked_for_again(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(lab, 3)
    with lab.remote.private(state=tmp_path / "state") as repo:
        read(repo, lab.remote, PHASE)
        with heard(monkeypatch) as said:
            read(repo, lab.remote, PHASE)
    assert [args[-2:] for args, _ in said if "ls-remote" not in args] == []


def test_a_cache_of_many_refs_keeps_them_in_one_file(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built(lab, 3)
    monkeypatch.setattr(cache, "LOOSE", 4)
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert isinstance(repo, PrivateRepo)
        first = read(repo, lab.remote, PHASE)
        assert [path for path in (repo.shared / "refs" / "kept").rglob("*") if path.is_file()] == []
        assert len(repo.run("-C", str(repo.shared), "for-each-ref").out.splitlines()) > 4
    with lab.remote.private(state=tmp_path / "state") as repo:
        assert read(repo, lab.remote, PHASE) == first


def test_tasks_look_for_what_the_dead_left_once_in_a_locks_age(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    swept = list[Path]()
    monkeypatch.setattr(locks, "sweep", lambda target, age: swept.append(target))
    for age, state in ((60, "one"), (60, "one"), (60, "two"), (0, "one")):
        monkeypatch.setenv("AIRFLOW__PHASEPLAN__LOCK_AGE", str(age))
        with lab.remote.private(state=tmp_path / state):
            pass
    assert swept == [lab.url] * 3


def _branch(found: Snapshot) -> Branch:
    assert found.pinned is not None
    return found.pinned.plan.by_id["3"]


def test_a_branch_among_many_calls_git_as_often_as_among_few(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verbs, contents = dict[int, Counter[str]](), dict[int, int]()
    for count in (2, 12):
        (tmp_path / str(count)).mkdir()
        place = Place(tmp_path / str(count), count)
        place.play(str(count))  # what the first one fetches of all the others, the next one finds in the cache
        with heard(monkeypatch) as said:
            place.play(str(count + 1))
        verbs[count] = Counter(verb_of(args) for args, _ in said)
        fed = [line for args, lines in said if args[0] == "cat-file" for line in lines]
        contents[count] = sum(line.startswith("contents ") for line in fed)
    assert verbs[2] == verbs[12]
    # Of each other branch a claim and a verdict, once before the agent and once after it, however often it is looked.
    assert contents[12] - contents[2] == 10 * 2 * 2
