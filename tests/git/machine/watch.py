"""The invariants of docs/design/merge.md, asked of every ledger there was, with git and what the machine knows."""

from __future__ import annotations

from typing import Any

from phaseplan.plan.graph import transitive
from phaseplan.plan.model import PhasePlan
from tests.git.machine.evidence import Evidence
from tests.git.machine.truth import INTEGRATION, LEDGER, ROOT, Look, green
from tests.git.machine.world import BASE, World


class Watch:
    """Looks at the target after every step and remembers what it saw."""

    def __init__(self, world: World, plan: PhasePlan) -> None:
        self.world, self.plan, self.objects = world, plan, world.objects
        self.evidence = Evidence(world, plan)
        self.last = Look(self.objects)
        self.kept: dict[str, str] = {}  # refs that must never move again
        self.values: set[str] = set()  # whatever integration was by a ledger
        self.out: set[tuple[str, int]] = set()  # attempts that a ledger put out and none took in since
        self.reverted = self.evidence.reverted  # branches that were taken out of integration and are not back

    def look(self) -> Look:
        """The target now; checked where it is not as it was."""
        refs = self.objects.refs()
        if refs != self.last.refs:
            seen = Look(self.objects, refs)
            self._ledgers(self.last, seen)
            self._kept(seen)
            self._people(seen)
            self.last = seen
        return self.last

    def _ledgers(self, old: Look, new: Look) -> None:
        """Every ledger between two looks, each against the one before it."""
        assert LEDGER in new.refs or LEDGER not in old.refs, "the ledger is gone"
        if old.refs.get(LEDGER) == new.refs.get(LEDGER):
            return
        chain = [c for c in self.objects.line(new.refs[LEDGER], old.refs.get(LEDGER)) if self._is_ledger(c)]
        before = old.ledger
        if LEDGER in old.refs:
            assert self.objects.parents(chain[0])[0] == old.refs[LEDGER], "the ledger lost what it had decided"
        for commit in chain:
            after = new.ledger_at(commit)
            self._forward(before, after)
            self._reverts(before, after)
            self._sound(after)
            self.evidence.isolations(before, after)
            self._outs(after)
            before = after

    def _is_ledger(self, commit: str) -> bool:
        return self.objects.message(commit).startswith("Ledger of phase")

    def _forward(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """I9, I2: integration moves forward only, and only to what was gated green for the waves merged into it."""
        old, new = before.get("integration"), after.get("integration")
        if new is not None:
            self.values.add(new)
        if old == new:
            return
        assert new is not None, "I9: integration is gone"
        assert old is None or old in self.objects.ancestors(new), "I9: integration moved back"
        if new in self.world.persons or set(self.objects.parents(new)) & self.world.persons - {old}:
            return  # a person's commit becomes the new base as it is; see step 1 of docs/design/merge.md
        waves = self._merged_waves(before, after)
        needed = {command for wave in self.plan.waves if wave.wave in waves for command in wave.validation}
        proofs = [g for g in self.world.gates if g.commit == new and g.green]
        assert not waves or any(needed <= set(g.commands) for g in proofs), "I2: integration was never gated green"
        assert not waves or green(self.objects.paths(new)), "I2: integration is red"
        self._closed(new, old)

    def _merged_waves(self, before: dict[str, Any], after: dict[str, Any]) -> set[int]:
        """The waves of the branches that were merged; where one left, those of all that are still in."""
        was, inside = _inside(before), _inside(after)
        fresh = [b for b, r in inside.items() if r["commit"] != was.get(b, {}).get("commit")]
        return {self.plan.wave_of[b] for b in (inside if was.keys() - inside.keys() else fresh)}

    def _closed(self, new: str, old: str | None) -> None:
        """I1, I3: on every commit of integration's line, what a branch needs is there as well."""
        for commit in self.objects.line(new, old):
            there = {p.partition("/")[2] for p in self.objects.paths(commit) if p.startswith("own/")}
            for branch in there:
                missing = set(self.plan.by_id[branch].depends_on) - there
                assert not missing, f"I3: {commit} has {branch} without {missing}"

    def _reverts(self, before: dict[str, Any], after: dict[str, Any]) -> None:
        """I1: only who was integrated can be taken out, and who comes back is in again."""
        inside = _inside(after)
        self.reverted |= _inside(before).keys() - inside.keys()
        self.reverted -= inside.keys()
        for branch in _inside(before).keys() - inside.keys():
            record = after["branches"][branch]
            assert record["cause"] == "taken_out" and record["revert"], f"I1: {branch} left without a revert"
            assert record["revert"] in self.objects.line(after["integration"], before["integration"]), (
                "I1 (in means in)"
            )
            assert self.world.asked & {branch, *transitive(self.plan, branch)}, f"I4: nobody asked to take {branch} out"

    def _outs(self, ledger: dict[str, Any]) -> None:
        for branch, record in ledger.get("branches", {}).items():
            if record["state"] == "isolated" or record["cause"] == "taken_out":
                self.out.add((branch, record["attempt"]))
            elif record["state"] in ("integrated", "passed"):
                self.out.discard((branch, record["attempt"]))
            if record["rejected"]:
                self.out.add((branch, record["rejected"]))

    def _sound(self, ledger: dict[str, Any]) -> None:
        """I1, I3, I8 of one ledger."""
        tip, inside = ledger.get("integration"), _inside(ledger)
        whole = all(b in inside for b in self.plan.by_id)
        assert whole or not (ledger["run"] or {}).get("complete"), "complete is all branches"
        for branch in inside:
            missing = [d for d in self.plan.by_id[branch].depends_on if d not in inside]
            assert not missing, f"I3: {branch} is in without {missing}"
        if tip is None:
            assert not inside, "I1: integrated into nothing"
            return
        reached = self.objects.ancestors(tip)
        lost = [b for b, r in inside.items() if r["commit"] not in reached]
        assert not lost, f"I1: {lost} are called integrated and are not in"
        sneaked = {self.world.works[c].branch for c in reached & self.world.works.keys()} - inside.keys()
        sneaked -= self.reverted
        assert not sneaked, f"I1: work of {sneaked} is in integration and nobody decided that"
        self._conserved(tip, inside)

    def _conserved(self, tip: str, inside: dict[str, Any]) -> None:
        """I8: each path carries what the one branch wrote that may write it; nothing is lost, nothing invented."""
        found, reached = self.objects.paths(tip), self.objects.ancestors(tip)
        theirs = [self.objects.paths(c) for c in self.world.persons & reached]
        for path, blob in found.items():
            folder, _, owner = path.partition("/")
            if folder in ("own", "mate", "bad", "src") and owner in self.plan.by_id:
                assert owner in inside, f"I8: {path} is of a branch that is not in"
                earlier = [c for c in reached & self.world.works.keys() if self.world.works[c].branch == owner]
                assert blob in [self.objects.paths(c).get(path) for c in earlier], f"I8: {path} is nobody's"
            else:
                assert path in BASE or any(blob == p.get(path) for p in theirs), f"I8: {path} was invented"
        for branch, record in inside.items():
            mine = self.objects.paths(record["commit"])
            for path in (f"{folder}/{branch}" for folder in ("own", "mate", "bad", "src")):
                assert path not in mine or found.get(path) == mine[path], f"I8: {path} was lost"
            self._lines(tip, branch, record["commit"], inside)
        for line in self.objects.text(tip, "list").split("\n"):
            # A union keeps both sides, so what a revert took out may come back with somebody who had it before.
            known = inside.keys() | self.reverted
            assert " v" not in line or line.partition(" v")[0] in known, f"I8: {line!r} is of a branch that is not in"
        sources = "".join(self.objects.text(tip, p) for p in sorted(found) if p.startswith("src/"))
        assert self.objects.text(tip, "gen/all") == sources, "I8: generated files are stale"

    def _lines(self, tip: str, branch: str, commit: str, inside: dict[str, Any]) -> None:
        """Lines of shared files: a union keeps all; of a text the line of whoever built on the others counts."""
        union = {x for x in self.objects.text(commit, "list").split("\n") if x.startswith(f"{branch} v")}
        assert union <= set(self.objects.text(tip, "list").split("\n")), f"I8: a union lost lines of {branch}"
        mine, now = (self.objects.text(c, "f").split("\n") for c in (commit, tip))
        for own, line in zip(mine, now, strict=True):
            if f"by {branch} " not in own or own == line:
                continue
            above = [
                c
                for c in self.objects.ancestors(tip) & (self.world.works.keys() | self.world.persons)
                if commit in self.objects.ancestors(c)
                and line in self.objects.text(c, "f").split("\n")
                and (c not in self.world.works or self.world.works[c].branch in inside)
            ]
            assert above, f"I8: {branch} wrote {own!r}, integration says {line!r}"

    def _kept(self, look: Look) -> None:
        """I9: what was claimed, collected or judged stays where it is, with everything behind it."""
        for ref, sha in self.kept.items():
            assert look.refs.get(ref) == sha, f"I9: {ref} moved"
        own = {r: s for r, s in look.refs.items() if r.startswith(f"{ROOT}/") and r != LEDGER}
        for sha in own.values():
            self.objects.ancestors(sha)
        self.kept.update(own)

    def _people(self, look: Look) -> None:
        """Names of people are left alone; integration is never anything but a ledger's or a person's."""
        for ref, sha in self.world.names.items():
            assert look.refs.get(ref) == sha, f"{ref} was a person's"
        held = look.refs.get(INTEGRATION)
        assert held is None or held in self.values | self.world.persons, "integration is what no ledger said"

    def settled(self, look: Look) -> None:
        """I10: after recovery the refs are what the ledger says."""
        assert look.refs.get(INTEGRATION) == look.integration, "I10: integration"
        for branch in self.plan:
            record, verdicts = look.branches.get(branch.id, {}), look.verdicts.get(branch.id, [])
            newest = verdicts[-1] if verdicts else {"outcome": "", "attempt": 0}
            ours = {f"refs/heads/{v['name']}": v["commit"] for v in verdicts if v["name"]}
            held = {ref for ref, sha in ours.items() if look.refs.get(ref) == sha and ref not in self.world.names}
            for attempt in (v for v in verdicts if v["name"] and (branch.id, v["attempt"]) in self.out):
                if attempt["attempt"] == newest["attempt"] and newest["gating"] > record.get("gating", 0):
                    continue  # judged anew, and the ledger has not heard of it
                assert f"refs/heads/{attempt['name']}" not in held, f"I10: {attempt['name']} is out and has its name"
            expected = set[str]()
            if record.get("state") == "integrated":
                expected = {f"refs/heads/{record['verdict']['name']}"}
            if newest["outcome"] == "passed" and newest["attempt"] > max(
                record.get("rejected", 0), record.get("attempt", 0) if record.get("state") == "integrated" else 0
            ):
                expected = {f"refs/heads/{newest['name']}"}
            if record.get("state") == "isolated" or record.get("cause") == "taken_out":
                expected = set()
            known = newest["outcome"] and (record.get("attempt"), record.get("gating")) == (
                newest["attempt"],
                newest["gating"],
            )
            stopped = record.get("state") in ("isolated", "passed") or record.get("cause") == "taken_out"
            if record.get("state") == "integrated" or (stopped and known):
                assert held == expected - self.world.names.keys(), (
                    f"I10: public names of {branch.id}, {record['state']}: {held}, not {expected}"
                )


def _inside(ledger: dict[str, Any]) -> dict[str, Any]:
    return {b: r for b, r in ledger.get("branches", {}).items() if r["state"] == "integrated"}
