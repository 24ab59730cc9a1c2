"""Gates on the exact commit, and the verdict."""

from __future__ import annotations

from dataclasses import replace

from include.phaseplan.runtime.build import publish
from include.phaseplan.runtime.build.beside import told_truly
from include.phaseplan.runtime.build.harvest import Harvest
from include.phaseplan.runtime.build.job import Done, Running, View
from include.phaseplan.runtime.build.replay import replay
from include.phaseplan.runtime.build.workbench import bench
from include.phaseplan.runtime.engine import find
from include.phaseplan.runtime.gates.diff import Judged
from include.phaseplan.runtime.gates.diff import judge as judge_diff
from include.phaseplan.runtime.gates.lost import within
from include.phaseplan.runtime.records import Finding
from include.phaseplan.runtime.verdicts import decide

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
        findings = harvest.findings or (_unrelated(harvest),)
        return publish.verdict(view, attempt, harvest, outcome="failed", findings=findings)
    repo, ground = view.job.repo, view.run.base
    earlier = within(repo, view.snapshot, ground, harvest.base, view.branch.id)
    judged = judge_diff(repo, view.plan, view.branch, harvest.base, harvest.raw, ground=ground, earlier=earlier)
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
    """Run the gate commands, or take up a gate container that an earlier process started."""
    if not commands:
        return ()
    job, workbench = view.job, bench(view, attempt)
    mine = find(job.client, ledger=view.ledger.id, phase=view.plan.phase, branch=view.branch.id, role="gate")
    container = next((c.id for c in mine if c.labels.claim == job.claim and c.labels.attempt == attempt), None)
    begun = container is None
    if container is None:
        container = workbench.start(job.repo, judged.commit, commands)
    ended = workbench.ended(container, _PATIENCE)
    if begun and not ended:
        replay(view, attempt)  # before the gates' first word, so that the story stays in its order
    if begun or ended:
        job.say(f"Gates on {judged.commit[:12]}: {'; '.join(commands)}")
    if not ended:
        seconds = float(view.plan.gates.timeout)
        return Running(container, "gate", seconds, mark=workbench.mark(container), commands=commands)
    workbench.wait(container, commands, _PATIENCE)
    return workbench.finish(container, commands, repo=job.repo, commit=judged.commit)
