"""The state machine: everything that can happen to a phase, in any order; after each step the invariants are asked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from hypothesis.stateful import initialize, invariant, rule

from phaseplan.errors import Infrastructure, InputFault, Stale
from phaseplan.ledger.records import Token
from phaseplan.ledger.run import WaveNotReached
from phaseplan.merging.workspace import DependencyOut
from phaseplan.phase.close import close_phase
from phaseplan.phase.take_out import TakenOut, take_out
from phaseplan.plan.graph import dependents, transitive
from phaseplan.plan.model import PhasePlan, Wave
from phaseplan.wave.integrate import Integrated, WaveRed
from tests.git.lab import PHASE
from tests.git.machine.builder import Order, build
from tests.git.machine.evidence import UNION
from tests.git.machine.moves import MOVES, plans
from tests.git.machine.people import People
from tests.git.machine.stage import COUNTS
from tests.git.machine.truth import INTEGRATION, LEDGER, ROOT, Look, green
from tests.git.machine.world import Died, Fault, Worker, conflict


class Machine(People):
    """One phase of one target, from its first run to a calm last one."""

    @initialize(plan=plans())
    def begin(self, plan: PhasePlan) -> None:
        self.begin_with(plan)
        self.opening(None, new=True)

    def teardown(self) -> None:
        try:
            if hasattr(self, "watch") and not self.broken:
                COUNTS["examples"] += 1
                with self.asked():
                    self.end_calmly()
        finally:
            if hasattr(self, "world"):
                self.world.close()
            shutil.rmtree(self.folder, ignore_errors=True)

    @rule(move=MOVES)
    def step(self, move: tuple[str, dict[str, Any]]) -> None:
        name, given = move
        COUNTS[f"rule {name}"] += 1
        self.moves.append(move)
        if self.tokens or name in ("a_run_begins_or_ends", "people_interfere"):
            with self.asked():
                getattr(self, name)(**given)

    def a_run_begins_or_ends(self, what: str, fault: Fault | None) -> None:
        if what != "close":
            self.opening(fault, new=what == "new")
        elif self.tokens:
            self.closing(fault)

    def opening(self, fault: Fault | None, new: bool) -> None:
        self.run += new
        done = self.play("open", self.open_on, fault)
        if isinstance(done, Token):
            again = self.open_on(self.worker) if fault is None else done
            assert again == done or fault, "I7: opening twice is opening once"
            self.tokens.append(done)
            self.watch.settled(self.watch.look())

    def building(self, order: Order, fault: Fault | None, clear: bool) -> None:
        if order.branch in self.plan.by_id:
            self.one_build(order, fault, clear)

    def one_build(self, order: Order, fault: Fault | None, clear: bool) -> None:
        token, state = self.tokens[-1], self.watch.look().state(order.branch)
        key = (order.branch, self.run)
        self.claims[key] += clear or state in ("isolated", "blocked", "cancelled", "unfinished")
        claim = f"{self.claims[key]}"
        order = self.pending.setdefault(f"{token.run} {order.branch} {claim}", order)
        done = self.play("build", lambda w: build(self.world, w, token, order, claim), fault)
        assert isinstance(done, Died | Infrastructure | Stale | DependencyOut) or not isinstance(done, Exception), done
        if fault is None and self.holds(token) and not isinstance(done, Exception):
            refs = self.watch.look().refs
            self.play("build again", lambda w: build(self.world, w, token, order, claim))
            if done is not None:
                self.unmoved(refs, "I7: building twice is building once")

    def ordinary_wave(self, wave: int, work: list[Order], fault: Fault | None) -> None:
        self.build_wave(wave, work)
        self.integrating(wave, fault)

    def build_wave(self, wave: int, work: list[Order]) -> None:
        for branch, order in zip(self.plan, work, strict=False):
            if self.plan.wave_of[branch.id] == wave and self.watch.look().state(branch.id) != "integrated":
                self.one_build(replace(order, branch=branch.id), None, False)
                self.watch.look()

    def integrating_elsewhere(self, wave: int, work: list[Order]) -> None:
        self.build_wave(wave, work)
        self.copies += 1
        elsewhere, token = self.world.copy(self.copies), self.tokens[-1]
        self.integrating(wave, None)
        self.worker, mine = elsewhere.worker(), self.worker
        there = self.play("integrate elsewhere", self.wave(token, wave))
        self.worker, look = mine, Look(elsewhere.objects, elsewhere.objects.refs())
        assert not isinstance(there, Died)
        here = self.watch.look()
        assert look.integration == here.integration, "I6: integration depends on who makes it"
        names = [r for r in here.refs if r.startswith("refs/heads/")]
        assert {r: look.refs.get(r) for r in names} == {r: here.refs[r] for r in names}, "I6: names"
        assert {b: look.state(b) for b in self.plan.by_id} == {b: here.state(b) for b in self.plan.by_id}, "I6: states"
        elsewhere.close()

    def integrating(self, wave: int, fault: Fault | None) -> None:
        token, before = self.tokens[-1], self.watch.look()
        done = self.play("integrate", self.wave(token, wave), fault)
        after = self.watch.look()
        meddled = fault is not None and fault.kind.startswith("meanwhile")
        if isinstance(done, WaveRed):
            self.nothing_published(done, after, meddled)
        if isinstance(done, Stale):
            assert meddled or (not self.holds(token) and before.refs == after.refs), "I13 (epoch)"
        if isinstance(done, WaveNotReached):
            assert wave == 2
        if isinstance(done, Infrastructure):
            assert fault is not None, done
            if fault.kind == "engine":
                out = [b for b in self.plan.by_id if after.state(b) == "isolated" != before.state(b)]
                assert all(self.failed(b) for b in out), f"I11: {out}"
        if isinstance(done, Integrated) and not meddled:
            self.integrated(done, token, wave)

    def nothing_published(self, done: WaveRed, look: Look, meddled: bool) -> None:
        """Only a base that is red, or that conflicts with integration, holds a whole wave up."""
        self.watch.settled(look)
        base, tip = look.ledger["run"]["base"], look.integration
        sides = [self.watch.objects.paths(c) for c in (base, tip or base)]
        COUNTS[f"red: {done.fault}"] += 1
        if done.fault == "conflict":
            assert tip and conflict(self.world, UNION, tip, base), "the new base does not conflict"
        else:
            assert done.fault == "base" and (not all(green(paths) for paths in sides) or meddled), done

    def failed(self, branch: str) -> bool:
        newest: dict[str, Any] = self.watch.look().verdicts[branch][-1]
        return bool(newest["outcome"] == "failed")

    def integrated(self, done: Integrated, token: Token, wave: int) -> None:
        """After a wave was integrated in peace."""
        look = self.watch.look()
        self.watch.settled(look)
        assert done.head == look.integration
        for branch in self.plan:
            if self.plan.wave_of[branch.id] <= wave and look.state(branch.id) == "passed":
                assert branch.id in done.waiting, f"{branch.id} passed and is forgotten"
                COUNTS["waiting"] += 1
        COUNTS["merged"] += len(done.merged)
        COUNTS["isolated"] += len(done.isolated)
        refs = look.refs
        again = self.play("integrate again", self.wave(token, wave))
        assert isinstance(again, Integrated) and again.head == done.head, f"I7: {again}"
        self.unmoved(refs, "I7: integrating twice is integrating once")

    def closing(self, fault: Fault | None) -> None:
        token, held = self.tokens[-1], self.holds(self.tokens[-1])
        before = self.watch.look()
        done = self.play("close", lambda w: close_phase(w.repo, w.remote, token, phase=PHASE), fault)
        after = self.watch.look()
        if isinstance(done, Stale) and fault is None:
            assert not held and before.refs == after.refs, "I13 (epoch)"
        if fault is None and not isinstance(done, Exception):
            assert held, "I13: a stale run closed the ledger"
            inside = all(after.state(b) == "integrated" for b in self.plan.by_id)
            assert after.ledger["run"]["complete"] is False or inside, "complete is all branches"
            again = self.play("close again", lambda w: close_phase(w.repo, w.remote, token, phase=PHASE))
            assert again == done, f"I7: {again}"
            self.unmoved(after.refs, "I7: closing twice is closing once")

    def taking_out(self, branch: str, fault: Fault | None) -> None:
        look = self.watch.look()
        if look.state(branch) != "integrated" and not fault:
            branch = next((b for b in self.plan.by_id if look.state(b) == "integrated"), branch)
        if branch not in self.plan.by_id:
            return
        self.world.asked.add(branch)
        done = self.play("take out", lambda w: take_out(w.remote, w.repo, w.bench, PHASE, branch, "it leaks"), fault)
        meddled = fault is not None and fault.kind.startswith("meanwhile")
        assert fault is not None or not isinstance(done, Infrastructure), done
        if isinstance(done, InputFault) and not meddled:
            after = self.watch.look()
            same = {b: after.state(b) for b in self.plan.by_id} == {b: look.state(b) for b in self.plan.by_id}
            assert same or after.refs[LEDGER] == look.refs[LEDGER], "what was refused changed something"
        if isinstance(done, TakenOut) and not meddled:
            COUNTS["taken out"] += len(done.taken)
            look = self.watch.look()
            self.watch.settled(look)
            gone = [branch, *dependents(self.plan, branch)]
            assert not [b for b in gone if look.state(b) == "integrated"], "I1: it is still in"
            self.play("take out again", lambda w: take_out(w.remote, w.repo, w.bench, PHASE, branch, "it leaks"))
            self.unmoved(look.refs, "I7: taking out twice is taking out once")

    def stale_run_tries_everything(self, at: int, order: Order) -> None:
        stale = [t for t in self.tokens if not self.holds(t)]
        if not stale or order.branch not in self.plan.by_id:
            return
        token, before = stale[at % len(stale)], self.watch.look().refs
        tries: list[Callable[[Worker], object]] = [
            self.wave(token, 1),
            self.wave(token, 2),
            lambda w: close_phase(w.repo, w.remote, token, phase=PHASE),
            lambda w: build(self.world, w, token, order, "stale"),
        ]
        for attempt in tries:
            assert isinstance(self.play("stale", attempt), Stale), "I13: a stale run was let in"
        self.unmoved(before, "I13: a stale run moves nothing")

    @invariant()
    def everything_holds(self) -> None:
        if not hasattr(self, "watch"):
            return
        COUNTS["steps"] += 1
        with self.asked():
            self.watch.look()
        self.broken = False

    def end_calmly(self) -> None:
        """I12: a last run without faults ends every branch, and no count of attempts runs away."""
        held = self.objects_refs().get(INTEGRATION)
        if held and not green(self.world.objects.paths(held)):
            self.breaks_or_mends("", 0)
        self.opening(None, new=True)
        for wave in self.plan.waves:
            for claim in ("last", "what waited"):
                done = self.last(claim, wave)
                if isinstance(done, WaveRed | WaveNotReached):
                    COUNTS["ended red"] += 1
                    return
                assert isinstance(done, Integrated), done
                if not done.waiting:
                    break
        look = self.watch.look()
        self.watch.settled(look)
        for branch in self.plan:
            state = look.state(branch.id)
            held_up = any(look.state(d) in ("isolated", "blocked") for d in transitive(self.plan, branch.id))
            assert state in ("integrated", "isolated", "blocked") or held_up, f"I12: {branch.id} ended {state}"
            COUNTS[f"ended {'held up' if held_up else state}"] += 1
            started = [r for r in look.refs if r.startswith(f"{ROOT}/started/{branch.id}/")]
            assert len(started) <= self.world.tries[branch.id], f"I12: attempts of {branch.id} are not bounded"

    def last(self, claim: str, wave: Wave) -> object:
        """Build what is not in, or what was built on something that is out by now; then integrate."""
        token = self.tokens[-1]
        for branch in wave.branches:
            state = self.watch.look().state(branch.id)
            if state != "integrated" and (state != "passed" or claim != "last"):
                order = Order(branch.id, ())
                self.play("last build", lambda w, o=order: build(self.world, w, token, o, claim))
        return self.play("last integrate", self.wave(token, wave.wave))
