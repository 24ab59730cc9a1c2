"""Read a phase: the ledger, and every ref that is newer than the ledger."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from phaseplan.errors import Infrastructure
from phaseplan.ledger import refs
from phaseplan.ledger.delivered import parsed
from phaseplan.ledger.lazily import Lazily
from phaseplan.ledger.money.usage import Allowance
from phaseplan.ledger.opened import OpenPhase, Unopened
from phaseplan.ledger.pause.pauses import Pause
from phaseplan.ledger.phase_refs import PhaseRefs, pause_of, sorted_refs
from phaseplan.ledger.pieces import HalfThere, check_whole
from phaseplan.ledger.records import Ledger, Pinned, Verdict
from phaseplan.ledger.run_history import nights_of
from phaseplan.ledger.snapshot import Claim, Snapshot
from phaseplan.ledger.status_log import ordered
from phaseplan.repository.objects import looked_up, missing, read_objects
from phaseplan.repository.refusals import RepositoryUnreachable
from phaseplan.repository.remote import ROUNDS, Remote
from phaseplan.repository.repo import GitRepo
from phaseplan.text.shown import plain

log = logging.getLogger(__name__)

M = TypeVar("M", bound=BaseModel)
#: New refs that are fetched by name; of more all are asked for. Git compares every ref of a pattern with what it has:
#: one new attempt among 200 branches would cost 700 comparisons, in each of their tasks.
_FEW = 100
_PATIENCE = 3  # listings, for a reservation whose start is not in them


def read(
    repo: GitRepo,
    remote: Remote,
    phase: int,
    *,
    nights: bool = False,
    logs: bool = True,
    listed: Mapping[str, str] | None = None,
) -> Snapshot:
    """Read everything that a phase's refs hold: one listing, and one fetch where something is new.

    :param nights: also the history of its runs, which grows with every night and is rarely needed.
    :param logs: also the status and blocker lines. Without them the ledger cannot be written, and a record is parsed
        when it is asked for: a task about one branch has no use for what all the others said.
    :param listed: what `remote.refs` has just said. A snapshot is always older than what is done with it, and
        everything is moved by compare-and-swap from what it saw.
    """
    anew = False
    for round_ in range(ROUNDS):
        held, listed = remote.refs(repo=repo) if listed is None else listed, None
        own = {ref: sha for ref, sha in held.items() if ref.startswith(f"{refs.root(phase)}/")}
        if round_ < _PATIENCE and _half_listed(own, refs.budget(phase)):
            continue
        integration = refs.integration(phase)
        wanted = [*own.values(), *([held[integration]] if integration in held else ())]
        sources = [*([f"{refs.root(phase)}/*"] if own else []), *([integration] if integration in held else [])]
        sorted_own = sorted_refs(phase, own)
        if lacking := _lacking(repo, wanted, sorted_own.files(logs=logs)):
            _take(repo, remote, [ref for ref in (*own, integration) if held.get(ref) in lacking], sources, wanted)
            if missing(repo, lacking):
                continue
        repo.present.update(wanted)
        heads = {r: s for r, s in held.items() if r.startswith("refs/heads/")}
        try:
            found = _snapshot(repo, phase, sorted_own, own, heads, logs=logs)
            return replace(found, nights=nights_of(repo, found.opened.commit)) if nights else found
        except HalfThere:
            if anew:
                raise
            anew = True
            remote.take(repo, sources, anew=True)
    raise Infrastructure(f"the refs of phase {phase} on {remote} changed faster than they could be read {ROUNDS} times")


def _half_listed(own: Mapping[str, str], budget: str) -> bool:
    """Say whether a listing has the newest reservation without its start: a server lists refs while they move.

    `budget` sorts before `started`, so a listing that has the newest has all before it. If it stays so, the
    start was deleted by hand.
    """
    return budget in own and list(own.values()).count(own[budget]) < 2


def _take(repo: GitRepo, remote: Remote, new: list[str], all_: list[str], wanted: Sequence[str]) -> None:
    """Fetch the refs that are new, by name where they are few; all of them where one of those has gone meanwhile."""
    if len(new) <= _FEW:
        try:
            return remote.take(repo, new, wanted)
        except RepositoryUnreachable:
            raise
        except Infrastructure as error:
            log.info("The new refs cannot be fetched by name, so all are: %s", error)
    return remote.take(repo, all_, wanted)


def _lacking(repo: GitRepo, wanted: Sequence[str], names: Sequence[str]) -> set[str]:
    """Find the commits that are not here, and read what is here of some contents meanwhile, in the same process."""
    unread = [name for name in names if name not in repo.read_before]
    lacking, files = looked_up(repo, [sha for sha in wanted if sha not in repo.present], unread)
    repo.read_before.update({name: data for name, data in files.items() if data is not None})
    return set(lacking)


def _snapshot(
    repo: GitRepo, phase: int, found_refs: PhaseRefs, own: dict[str, str], heads: dict[str, str], *, logs: bool
) -> Snapshot:
    tip, results, delivery = found_refs.tip, found_refs.results, found_refs.delivery
    files = _files(repo, found_refs.files(logs=logs))
    judged = _judged(files, refs.root(phase), results)
    found = Snapshot(
        phase=phase,
        opened=_opened(files, tip, refs.ledger(phase)) if tip else Unopened(),
        started=_claims(files, found_refs.started),
        attempts=found_refs.attempts,
        verdicts=judged,
        heads=heads,
        results=results,
        folded_results=frozenset(_lines(files.get(f"{tip}:folded"))) & results.keys(),
        logged=None,
        pauses=_pauses(files, found_refs.pauses),
        paused=found_refs.pauses,
        gone={ref.rpartition("/")[2]: sha for ref, sha in own.items() if ref.startswith(refs.gone(phase, ""))},
        reserved=own.get(refs.budget(phase)),
        told=own.get(refs.told(phase)),
        delivery=parsed(files.get(f"{delivery}:delivery.json")) if delivery else None,
        delivery_ref=delivery,
    )
    return _with_logs(found, files) if logs else found


def _with_logs(found: Snapshot, files: Mapping[str, bytes | None]) -> Snapshot:
    """Add the status and blocker lines: the ledger's, then those of results not yet folded, by when they ended."""
    tip, finished = found.opened.commit, dict[str, str]()
    for branch, verdicts in found.verdicts.items():
        finished |= {f"{branch}/{v.attempt}.{v.gating}": v.finished for v in verdicts}
    fresh = sorted(found.results.keys() - found.folded_results, key=lambda key: (finished.get(key, ""), key))
    newer = [found.results[key] for key in fresh]
    status, blockers = _log(files, tip, "status.log", newer), _log(files, tip, "blockers.log", newer)
    kept = len(_lines(files.get(f"{tip}:status.log")))
    return replace(
        found,
        status_lines=status[:kept] + ordered(status[kept:]),
        blockers=blockers,
        logged=(kept, len(_lines(files.get(f"{tip}:blockers.log")))),
    )


def _opened(files: Mapping[str, bytes | None], tip: str, where: str) -> OpenPhase:
    """Parse what runs have written down; only here is it decided that a phase was opened.

    :raises Infrastructure: one part of it cannot be read, or the ledger names no run.
    """
    ledger = _load(Ledger, files[f"{tip}:ledger.json"], where)
    if ledger.run is None:
        raise _unreadable(Ledger, where, "it names no run")
    return OpenPhase(ledger, _load(Pinned, files[f"{tip}:plan.json"], where), tip)


def _files(repo: GitRepo, names: Sequence[str]) -> dict[str, bytes | None]:
    """Read contents by name; what this repository has read before is not read again: a name begins with a commit's id.

    :raises HalfThere: one of them is lost here.
    """
    files = read_objects(repo, [name for name in names if name not in repo.read_before])
    check_whole(repo, [name for name, data in files.items() if data is None])
    repo.read_before.update({name: data for name, data in files.items() if data is not None})
    return {name: repo.read_before.get(name) for name in names}


def _pauses(files: Mapping[str, bytes | None], pauses: Mapping[str, str]) -> dict[str, Pause]:
    """Map profiles to their pauses."""
    found = (_load(Pause, files[pause_of(sha)], ref) for ref, sha in pauses.items())
    return {pause.profile: pause for pause in found}


def _log(files: Mapping[str, bytes | None], tip: str | None, name: str, fresh: Sequence[str]) -> tuple[str, ...]:
    return tuple(line for sha in [tip, *fresh] for line in _lines(files.get(f"{sha}:{name}")))


def _lines(data: bytes | None) -> tuple[str, ...]:
    return tuple(data.decode("utf-8", "replace").split("\n")[:-1]) if data else ()


def _load(model: type[M], data: bytes | None, where: str) -> M:
    try:
        return model.model_validate_json(data or b"")
    except ValidationError as error:
        raise _unreadable(model, where, error.errors()[0]["msg"]) from error


def _unreadable(model: type[BaseModel], where: str, why: str) -> Infrastructure:
    return Infrastructure(
        f"{where} does not hold a readable {model.__name__.lower()}: {why}; "
        "it was written by hand or by another version: repair or delete that ref"
    )


def _judged(
    files: Mapping[str, bytes | None], root: str, results: Mapping[str, str]
) -> Mapping[str, tuple[Verdict, ...]]:
    """Map branches to their verdicts, each parsed when it is asked for."""
    keys: dict[str, list[str]] = {}
    for key in results:
        keys.setdefault(key.split("/")[0], []).append(key)

    def of(branch: str) -> tuple[Verdict, ...]:
        raw = {f"{root}/results/{key}": files[f"{results[key]}:verdict.json"] for key in keys[branch]}
        found = [_load(Verdict, data, ref) for ref, data in raw.items()]
        return tuple(sorted(found, key=lambda v: (v.attempt, v.gating)))

    return Lazily({branch: partial(of, branch) for branch in sorted(keys)})


def _claims(
    files: Mapping[str, bytes | None], started: Mapping[tuple[str, int], str]
) -> dict[str, Mapping[int, Claim]]:
    found: dict[str, dict[int, Callable[[], Claim]]] = {}
    for (branch, number), sha in sorted(started.items()):
        found.setdefault(branch, {})[number] = partial(claim_of, sha, files[sha] or b"")
    return {branch: Lazily(claims) for branch, claims in found.items()}


def claim_of(sha: str, raw: bytes) -> Claim:
    """Read the commit behind a `started` ref; one that Phaseplan did not write belongs to no run."""
    head, _, message = raw.decode("utf-8", "replace").partition("\n\n")
    base = next((line[7:] for line in head.split("\n") if line.startswith("parent ")), sha)
    try:
        record = json.loads(message.partition("\n\n")[2])
        inputs = {str(name): str(value) for name, value in dict(record.get("inputs", {})).items()}
        engine, machine = str(record.get("engine", "")), plain(str(record.get("machine", "")))
        allowance = Allowance.model_validate(record["allowance"]) if "allowance" in record else None
        who = (str(record["claim"]), str(record["run"]), str(record["time"]))
        return Claim(sha, base, *who, inputs, engine, machine, allowance)
    except (ValueError, KeyError, TypeError):
        return Claim(sha, base, "", "", "")
