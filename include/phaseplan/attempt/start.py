"""Start an attempt: make the workspace, reuse a verdict, claim a number, start the container."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from phaseplan.attempt import adopt, brief, inherit, publish, regate
from phaseplan.attempt import previous as earlier
from phaseplan.attempt.gate_containers import bench
from phaseplan.attempt.gateway import opened, reserved
from phaseplan.attempt.harvest import stop_foreign
from phaseplan.attempt.inputs import key_of
from phaseplan.attempt.job import Done, Running, View
from phaseplan.attempt.placing import check_place, check_room, chosen
from phaseplan.attempt.ready import look
from phaseplan.attempt.unready import NoWorkspace, blocked
from phaseplan.containers import pid1
from phaseplan.containers.agent import create_agent
from phaseplan.containers.engine import Found
from phaseplan.containers.gateways.gateway import close, remove_agent
from phaseplan.containers.given_secrets import files_of, seal, start
from phaseplan.containers.identity import engine_of
from phaseplan.containers.network import shared
from phaseplan.gates.workbench import GateFailed
from phaseplan.ledger.claiming import NewAttempt, claimed
from phaseplan.ledger.money.budgets import shared_budgets
from phaseplan.ledger.pause.pausing import Admission
from phaseplan.ledger.records import State
from phaseplan.merging.predicted_conflicts import for_brief
from phaseplan.merging.workspace import Workspace, synthesise


def begin(view: View) -> Running | Done:
    """Take over an agent of a dead run, reuse a verdict, gate kept work again, or start a new attempt.

    :raises Paused: an agent would have to begin, and its profile is paused; all that needs no agent is done.
    :raises BudgetSpent, BudgetHeld: nothing is free of a budget that it shares; no number was claimed.
    :raises EngineFull: no engine that fits has room for it.
    """
    try:
        workspace = _workspace(view)
    except NoWorkspace as why:
        stop_foreign(view)
        return blocked(view, None, why)
    pushed = adopt.pushed(view)
    heir = inherit.inherited(view, workspace.commit) if pushed is None else None
    stop_foreign(view, spare=heir.id if heir else "")
    if pushed is not None:
        return adopt.adopt(view, pushed, workspace)
    if heir is not None:
        return inherit.take(view, heir)
    view = chosen(view)
    inputs = view.inputs(workspace.commit)
    key = key_of(inputs)
    view.job.say(f"Input key {key[:12]}.")
    if verdict := earlier.reusable(view, key):
        return publish.reuse(view, verdict)
    if verdict := regate.kept(view, inputs):
        return regate.gate(view, verdict)
    job = view.job
    if view.plan.budget and view.snapshot.state(view.branch.id) is State.RUNNING:
        view = look(job)  # what was put away above reserves nothing any more
    check_room(view)
    admission, engine = _admission(view), engine_of(job.client)
    machine = f"{job.engine} on {engine.name}" if job.engine else engine.name
    place = {"engine": engine.id, "machine": machine}
    new = NewAttempt(view.plan.phase, view.branch, workspace.commit, job.claim, view.run.id, inputs, place)
    given = claimed(job.repo, job.remote, new, view.snapshot, admission, partial(reserved, view))
    for budget in shared_budgets(given.seen, view.branch.id) if given.allowance else ():
        job.say(f"Before this attempt, {budget}.")
    return _launch(replace(view, allowance=given.allowance), given.number, workspace, admission)


def again(view: View, attempt: int, left: Found | None) -> Running | Done:
    """Start the agent of an attempt whose number is ours already; a container that never ran is thrown away.

    It starts from the commit that the claim names, whatever has happened to integration since.

    :raises Paused: its profile is paused.
    """
    if left is not None:
        remove_agent(view.job.client, left)
    check_room(view, claimed=True)
    claim = view.snapshot.started[view.branch.id][attempt]
    try:
        workspace = replace(_workspace(view), commit=claim.base)
    except NoWorkspace as why:
        return blocked(view, attempt, why)
    admission = _admission(view)
    admission.enter(view.job.remote, view.snapshot, attempt)
    return _launch(replace(view, allowance=claim.allowance), attempt, workspace, admission)


def _admission(view: View) -> Admission:
    """Ask whether the profile's provider may be asked; a Clear wants its first attempt at once."""
    claims = view.snapshot.started.get(view.branch.id, {}).values()
    first = all(claim.claim != view.job.claim for claim in claims)
    forced = view.job.cleared and first
    return Admission(view.job.repo, view.plan.phase, view.profile_name, view.run.id, view.branch.id, forced)


def _workspace(view: View) -> Workspace:
    """Make the workspace that the agent starts from.

    :raises NoWorkspace: what the branch builds on does not go together, or its generators fail there.
    """
    try:
        base = earlier.base_of(view)
        workspace = synthesise(view.job.repo, view.plan, base, view.snapshot, view.branch, bench(view, 0))
    except GateFailed as failed:
        said = str(failed.findings[0]) if failed.findings else str(failed)
        raise NoWorkspace(f"generated files cannot be made in its workspace: {said}", failed.findings) from failed
    if workspace.conflict:
        needed, conflict = workspace.conflict
        raise NoWorkspace(f"its dependencies conflict with each other: {needed} {conflict}")
    heads = ", ".join(f"{d} at {c[:12]}" for d, c in workspace.dependencies) or "no dependencies"
    view.job.say(f"Workspace {workspace.commit[:12]}: {_named(view, base)} with {heads}.")
    if workspace.disputed:
        view.job.say(f"Its dependencies conflict in generated files, which were made again: {workspace.disputed}.")
    return workspace


def _named(view: View, base: str) -> str:
    return f"base {base[:12]}" if base == view.run.base else f"the head of integration, {base[:12]},"


def _launch(view: View, attempt: int, workspace: Workspace, admission: Admission) -> Running:
    """Create the container with everything in it, then start it."""
    job, profile = view.job, view.profile
    if admission.probe:
        job.say(f"Profile {view.profile_name} is paused: this attempt asks its provider for all of its branches.")
    task = _task(view, attempt, workspace)
    job.say(brief.markdown(task))
    container = _started(view, attempt, workspace.commit, brief.documents(task, previous=earlier.previous(view)))
    publish.announce(view, "STARTED")
    if not profile.gateway and shared(job.client, profile.network):
        job.say(f"Agents on network {profile.network} can reach each other; `network: bridge` keeps them apart.")
    job.say(f"Attempt {attempt} runs in container {container[:12]} from image {profile.image}.")
    return Running(
        container,
        "agent",
        float(profile.timeout),
        profile.references,
        gateway=profile.gateway,
        disk=profile.disk,
        probe=admission.probe and profile.gateway,
        engine=job.engine,
    )


def _started(view: View, attempt: int, commit: str, documents: dict[str, bytes]) -> str:
    """Start an agent, behind its gateway where its profile has one; return its container."""
    job, labels, secrets = view.job, view.labels(attempt, "agent"), view.job.secrets(view.profile)
    profile = job.completed(view.profile)
    gateway = opened(view, attempt, profile, secrets)
    try:
        container = create_agent(
            job.client,
            profile=profile,
            labels=labels,
            secrets=secrets,
            environment={},
            repo=job.repo,
            commit=commit,
            branch_name=view.branch.branch,
            history=view.plan.history,
            documents=documents,
            pid1=pid1.files(job.client, job.here.collector_image, job.here.state)
            + seal(profile, secrets, job.here.state, job.shared_key()),
            gateway=gateway,
            way_out=job.way_out(),
        )
    except BaseException:
        if gateway:
            close(job.client, labels, gateway.pair)
        raise
    check_place(view, container)
    start(job.client, container, files_of(profile, secrets))
    return container


def _task(view: View, attempt: int, workspace: Workspace) -> dict[str, object]:
    current = view.snapshot.current
    dependencies = [(d, v.base, commit) for d, commit in workspace.dependencies if (v := current(d)) is not None]
    return brief.task(
        view.plan,
        view.branch,
        attempt=attempt,
        base=workspace.commit,
        dependencies=brief.interfaces(view.job.repo, view.plan, dependencies),
        conventions=brief.conventions(view.job.repo, view.plan, view.run.base),
        predicted=for_brief(view.job.repo, view.snapshot, view.plan, view.branch, view.run.base),
        findings=earlier.sank(view),
        notes=earlier.noted(view),
        remarks=view.ledger.remarks.get(view.branch.id, ()),
        gates_image=view.gate_profile.image if view.gate_profile.image != view.profile.image else None,
    )
