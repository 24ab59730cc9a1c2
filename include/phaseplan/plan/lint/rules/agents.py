"""Check agent profiles: every one that is named exists, and every branch has one."""

from __future__ import annotations

from collections.abc import Iterator

from phaseplan.plan.lint.diagnostics import Finding, Path
from phaseplan.plan.lint.rules.view import View
from phaseplan.plan.lint.suggest import hint


def known_profiles(view: View) -> Iterator[Finding]:
    """PP601: report an agent profile that does not exist."""
    if view.profiles is None:
        return
    for path, name in named(view):
        if name not in view.profiles:
            yield Finding("PP601", path, f"there is no agent profile `{name}`", _hint(name, sorted(view.profiles)))


def every_branch_has_a_profile(view: View) -> Iterator[Finding]:
    """PP602: report branches without an agent profile; once if no branch names one."""
    lacking = [(path, branch.id) for path, branch in view.places if branch.agent is None]
    if view.plan.agent is not None or not lacking:
        return
    help_ = "name a profile: `agent:` at the top of the plan, or at the branch"
    if 1 < len(lacking) == len(view.places):
        yield Finding("PP602", ("waves",), f"nothing says which agent builds these {len(lacking)} branches", help_)
        return
    for path, branch_id in lacking:
        yield Finding("PP602", (*path, "id"), f"nothing says which agent builds {branch_id}", help_)


def told_what_to_build(view: View) -> Iterator[Finding]:
    """PP604: report a branch that a language model is to build from its title alone."""
    for path, branch in view.places:
        if (name := branch.agent or view.plan.agent) in view.models and not branch.brief.strip():
            advice = "write a `brief:` of what to build, and how one can see that it is done"
            yield Finding("PP604", (*path, "title"), f"agent `{name}` is told no more of {branch.id} than this", advice)


def model_is_named(view: View) -> Iterator[Finding]:
    """PP605: report an agent whose model only the connection of its key can name, which lint does not see."""
    for path, name in named(view):
        if connection := view.unnamed.get(name):
            message = f"agent `{name}` names no model, so the Airflow connection `{connection}` has to"
            advice = "write `model:` into the profile, or look at `phaseplan agents check`"
            yield Finding("PP605", path, message, advice)


def named(view: View) -> Iterator[tuple[Path, str]]:
    """List every profile that a plan names, with its place."""
    if view.plan.agent is not None:
        yield ("agent",), view.plan.agent
    if view.plan.gates.profile is not None:
        yield ("gates", "profile"), view.plan.gates.profile
    for path, branch in view.places:
        if branch.agent is not None:
            yield (*path, "agent"), branch.agent


def _hint(name: str, profiles: list[str]) -> str:
    return hint(name, profiles, "profiles") or "the agents file defines none"
