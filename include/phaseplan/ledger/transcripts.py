"""Keep what an agent said in the target, beside the work of its attempt, and find it again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from phaseplan.ledger import refs
from phaseplan.repository.objects import commit, read_objects, write_tree
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo

TEXT, EVENTS = "transcript.txt", "events.jsonl"  # files of the ref's commit


class Kept(BaseModel):
    """Hold how much of what an agent said is kept. `missing`: raw lines before the first that is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lines: int = Field(default=0, ge=0)  # of the log
    events: int = Field(default=0, ge=0)  # raw lines
    missing: int = Field(default=0, ge=0)


@dataclass(frozen=True)
class Said:
    """Hold what an agent said, without secrets.

    :param text: its log, as people read it.
    :param events: what its command line printed for programs; empty where nothing kept that.
    """

    text: bytes
    events: bytes
    kept: Kept


def update_of(repo: GitRepo, ref: str, said: Said, when: str) -> Update:
    """Write what was said into the repository; return the move that publishes it, for a push with the attempt's."""
    files = {TEXT: said.text, **({EVENTS: said.events} if said.events else {})}
    return Update(ref, commit(repo, write_tree(repo, files), [], f"What an agent said: {ref}\n", when), None)


def listed(remote: Remote, repo: GitRepo, phase: int) -> dict[str, dict[int, str]]:
    """List the transcripts of a phase: commits by branch and attempt, in order."""
    pattern = re.compile(re.escape(refs.transcripts(phase)) + r"/([^/]+)/([1-9][0-9]{0,8})")
    found: dict[str, dict[int, str]] = {}
    for ref, sha in remote.refs(repo=repo).items():
        if match := pattern.fullmatch(ref):
            found.setdefault(match[1], {})[int(match[2])] = sha
    return {branch: dict(sorted(attempts.items())) for branch, attempts in found.items()}


def fetched(remote: Remote, repo: GitRepo, ref: str, sha: str, name: str) -> bytes | None:
    """Fetch one file of a transcript; None: it has none of that name."""
    remote.take(repo, [ref], [sha])
    return read_objects(repo, [f"{sha}:{name}"])[f"{sha}:{name}"]
