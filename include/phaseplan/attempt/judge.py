"""Gate one commit and make its verdict."""

from __future__ import annotations

from dataclasses import replace

from phaseplan.attempt import publish
from phaseplan.attempt.beside import told_truly
from phaseplan.attempt.gate_containers import bench
from phaseplan.attempt.harvested import Harvest
from phaseplan.attempt.job import Done, Running, View
from phaseplan.attempt.replay import replay
from phaseplan.gates.diff import Judged
from phaseplan.gates.diff import judge as judge_diff
from phaseplan.gates.gating import Waiting
from phaseplan.gates.lost import within
from phaseplan.ledger.records import Finding
from phaseplan.ledger.rulings import decide

#: Gates that last longer than this are waited for in the triggerer; a deferral costs about 2.6 s.
_PATIENCE = 20.0


def judge(view: View, attempt: int, harvest: Harvest) -> Running | Done:
    """Decide about one attempt, or say which gate container to wait for."""
    outcome, reason = decide(harvest.evidence)
    if outcome in ("blocked", "unfinished"):
        return publish.verdict(view, attempt, harvest, outcome=outcome, reason=reason, findings=harvest.findings)
    if harvest.withheld or not harvest.collected:  # nothing came back, or nothing that may go anywhere
        return publish.verdict(view, attempt, harvest, outcome="failed", findings=harvest.findings)
    if not view.job.repo.is_ancestor(harvest.base, harvest.raw):
        known = any(not finding.informs for finding in harvest.findings)
        findings = harvest.findings if known else (_unrelated(harvest), *harvest.findings)
        return publish.verdict(view, attempt, harvest, outcome="failed", findings=findings)
    repo, ground = view.job.repo, view.run.base
    earlier = within(repo, view.snapshot, ground, harvest.base, view.branch.id)
    scratch, base = view.profile.scratch, harvest.base
    judged = judge_diff(
        repo, view.plan, view.branch, base, harvest.raw, ground=ground, earlier=earlier, scratch=scratch
    )
    findings = (*harvest.findings, *told_truly(harvest, judged.findings))
    # Commands of an agent that failed, or that tried something, say nothing that the findings do not.
    unsafe = any(not f.informs for f in harvest.findings) or any(f.gate == "hostile" for f in judged.findings)
    ran = () if unsafe else _commands(view, attempt, judged, view.plan.gates.commands)
    if isinstance(ran, Running):
        return ran
    findings = (*findings, *ran)
    outcome, reason = decide(replace(harvest.evidence, findings=findings))
    return publish.verdict(view, attempt, harvest, outcome=outcome, reason=reason, findings=findings, judged=judged)


def _unrelated(harvest: Harvest) -> Finding:
    told = f"{harvest.raw[:12]} does not descend from {harvest.base[:12]}: build on it, or on the attempt that failed"
    return Finding(gate="history", message=told)


def _commands(view: View, attempt: int, judged: Judged, commands: tuple[str, ...]) -> tuple[Finding, ...] | Running:
    """Run the gate commands, or go on with those that an earlier process began."""
    if not commands:
        return ()
    job = view.job
    gating = bench(view, attempt).gating(job.repo, judged.commit, commands)
    came = gating.advance(_PATIENCE)
    waiting = came if isinstance(came, Waiting) else None
    if waiting and waiting.begun:
        replay(view, attempt)  # before the gates' first word, so that the story stays in its order
    if waiting is None or waiting.begun:
        job.say(f"Gates on {judged.commit[:12]}: {'; '.join(commands)}")
    gating.show()
    if waiting:
        job.say(f"Waiting for `{waiting.command}` in container {waiting.container[:12]}.")
        return Running(waiting.container, "gate", waiting.seconds)
    gating.close()
    return came if isinstance(came, tuple) else ()
