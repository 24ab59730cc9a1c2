"""Move derived refs (the integration branch, public names) to what the ledger says; safe at any moment."""

from __future__ import annotations

from dataclasses import replace

from phaseplan.errors import Infrastructure, InputFault
from phaseplan.ledger import refs
from phaseplan.ledger.name_clashes import in_the_way, name_of
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.records import State, Token, changed
from phaseplan.ledger.run import check_token
from phaseplan.ledger.snapshot import names_to_withdraw
from phaseplan.ledger.write import Snapshot, commit_ledger, read
from phaseplan.merging.chain import Head, chain_merge
from phaseplan.merging.integration_line import continues
from phaseplan.merging.workspace import union_paths
from phaseplan.repository.objects import commit, tree_of
from phaseplan.repository.refusals import NameClash, Refused
from phaseplan.repository.remote import ROUNDS, Remote, Update, lost, pause
from phaseplan.repository.repo import GitRepo

_OFTEN = 3  # times that the very same moves were taken


def reconcile(
    repo: GitRepo, remote: Remote, phase: int, *, token: Token | None = None, snapshot: Snapshot | None = None
) -> Snapshot:
    """Roll derived refs forward to what the ledger says, and adopt foreign commits on the integration branch.

    A public name that the target refuses does not keep others from being made; the snapshot says in `refused` which.

    :param token: the caller's; with a stale one nothing is moved.
    :param snapshot: where to begin instead of a fresh read: one that was read just now.
    :return: a snapshot in which nothing is left to do.
    :raises Refused, NameClash: the target will not have the integration branch.
    :raises Lost: the target takes a move again and again, and has not got it.
    """
    refused: dict[str, str] = {}
    taken: list[list[Update]] = []
    for round_ in range(ROUNDS):
        seen, snapshot = snapshot or read(repo, remote, phase), None
        if token is not None:
            check_token(seen, token)
        if isinstance(seen.opened, Unopened):
            return seen
        if (foreign := _foreign(repo, seen, seen.opened)) is not None:
            commit_ledger(repo, remote, seen, changed(seen.folded(), integration=foreign))
            continue
        moves = [move for move in derived(seen) if move.ref not in refused]
        if not moves:
            return replace(seen, refused=refused)
        if not _moved(repo, remote, moves, refs.integration(phase), refused):
            pause(round_)
            continue
        taken.append(moves)
        if taken.count(moves) > _OFTEN:
            raise lost(remote, [move.ref for move in moves])
    raise Infrastructure(f"the refs of phase {phase} on {remote} kept moving while they were reconciled; try again")


def _moved(repo: GitRepo, remote: Remote, moves: list[Update], integration: str, refused: dict[str, str]) -> bool:
    """Move refs in one push; if the target refuses one of them, each by itself."""
    try:
        return remote.push(repo, moves)
    except (Refused, NameClash):
        if [move.ref for move in moves] == [integration]:
            raise
    done = True
    for move in sorted(moves, key=lambda move: move.ref != integration):
        try:
            done = remote.push(repo, [move]) and done
        except (Refused, NameClash) as error:
            if move.ref == integration:
                raise
            refused[move.ref] = str(error)
    return done


def derived(snapshot: Snapshot) -> list[Update]:
    """List the moves that make integration and public names what the ledger and the results say."""
    if isinstance(snapshot.opened, Unopened):
        return []
    ref, head = refs.integration(snapshot.phase), snapshot.opened.ledger.integration
    moves = [Update(ref, head, snapshot.heads.get(ref))] if head and snapshot.heads.get(ref) != head else []
    for branch in snapshot.opened.plan:
        verdict = snapshot.current(branch.id)
        if verdict is None and snapshot.state(branch.id) is not State.ISOLATED and not snapshot.stopped(branch.id):
            continue
        gone = names_to_withdraw(snapshot, branch, verdict.attempt if verdict else None)
        moves += [Update(name, None, old) for name, old in gone.items()]
        if verdict is not None:
            name = name_of(branch, verdict)
            if name not in snapshot.heads and in_the_way(name, snapshot.heads) is None:
                moves.append(Update(name, verdict.commit, None))
    return moves


def _foreign(repo: GitRepo, snapshot: Snapshot, opened: OpenPhase) -> str | None:
    """Make the integration head that takes in foreign commits pushed there; None: there are none."""
    ref = refs.integration(snapshot.phase)
    held, mine = snapshot.heads.get(ref), opened.ledger.integration
    if held is None or held == mine or (mine and repo.is_ancestor(held, mine)):
        return None
    if mine is None or repo.is_ancestor(mine, held):
        return held if mine is None or continues(repo, mine, held) else _beside(repo, mine, held)
    union = union_paths(opened.plan)
    merged = chain_merge(repo, mine, [Head("foreign", held, f"commits found on {ref}")], union=union)
    if merged.conflicted:
        where = ", ".join(merged.conflicted["foreign"].paths[:5])
        raise InputFault(
            f"{ref} was moved to {held[:12]}, which conflicts with the integrated {mine[:12]} in {where}; "
            f"push a merge of both to {ref}, or put it back to {mine[:12]}"
        )
    return merged.commit


def _beside(repo: GitRepo, mine: str, held: str) -> str:
    """Make a merge that has our own line as first parent: what was reverted is read from there, and only there."""
    date = repo.facts(held).time
    return commit(repo, tree_of(repo, held), [mine, held], "Adopt commits found on integration\n", max(0, date))
