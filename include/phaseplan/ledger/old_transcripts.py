"""Delete what the agents of old runs said, which would grow in the target for ever."""

from __future__ import annotations

from collections.abc import Mapping

from phaseplan.ledger import refs
from phaseplan.ledger.records import State
from phaseplan.ledger.snapshot import Snapshot
from phaseplan.ledger.transcripts import listed
from phaseplan.repository.remote import Remote, Update
from phaseplan.repository.repo import GitRepo

_AT_ONCE = 200  # refs of one push


def old(snapshot: Snapshot, kept: Mapping[str, Mapping[int, str]], runs: int) -> dict[str, str]:
    """List the transcripts that are kept no longer, commits by ref: of all but the newest runs.

    What the agents of integrated work said stays, however old it is.

    :param kept: as `listed` gives it.
    """
    newest: dict[str, str] = {}
    for claims in snapshot.started.values():
        for claim in claims.values():
            newest[claim.run] = max(newest.get(claim.run, ""), claim.time)
    recent = set(sorted(newest, key=lambda run: newest[run])[-runs:])
    found: dict[str, str] = {}
    for branch, attempts in kept.items():
        record, claims = snapshot.record(branch), snapshot.started.get(branch, {})
        integrated = record.attempt if record and record.state is State.INTEGRATED else 0
        for number, sha in attempts.items():
            if number != integrated and (number not in claims or claims[number].run not in recent):
                found[refs.transcript(snapshot.phase, branch, number)] = sha
    return found


def forget_old(repo: GitRepo, remote: Remote, snapshot: Snapshot, runs: int) -> int:
    """Delete the transcripts that are kept no longer from the target; return how many.

    :raises Refused: the target allows no deletion.
    """
    found = [Update(ref, None, sha) for ref, sha in old(snapshot, listed(remote, repo, snapshot.phase), runs).items()]
    done = 0
    for begin in range(0, len(found), _AT_ONCE):
        few = found[begin : begin + _AT_ONCE]
        if not remote.push(repo, few):
            break  # another run of the phase does the same
        done += len(few)
    return done
