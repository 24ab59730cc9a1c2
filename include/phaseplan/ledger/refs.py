"""Make every ref name of Phaseplan, in one place (docs/design/refs.md)."""

from __future__ import annotations

import re

from phaseplan.plan.model import Branch


def root(phase: int) -> str:
    """Return the prefix of a phase's own refs, without a trailing slash."""
    return f"refs/phaseplan/phase-{phase}"


def ledger(phase: int) -> str:
    """Return the one ref that holds what has been decided."""
    return f"{root(phase)}/ledger"


def phase_of_ledger(ref: str) -> int | None:
    """Return the phase whose ledger a ref is, the inverse of `ledger`; None for any other ref."""
    match = re.fullmatch(r"refs/phaseplan/phase-(0|[1-9][0-9]{0,8})/ledger", ref)
    return int(match[1]) if match else None


def started(phase: int, branch_id: str, attempt: int) -> str:
    """Return the ref that claims an attempt's number; it points at the workspace base."""
    return f"{root(phase)}/started/{branch_id}/{attempt}"


def budget(phase: int) -> str:
    """Return the ref that each reservation from the phase's budget moves: to its `started`, compare-and-swap."""
    return f"{root(phase)}/budget"


def told(phase: int) -> str:
    """Return the ref of what people were told of the budgets that branches share."""
    return f"{root(phase)}/told"


def delivery(phase: int) -> str:
    """Return the ref of where the finished phase was delivered to."""
    return f"{root(phase)}/delivery"


def attempt(phase: int, branch_id: str, number: int) -> str:
    """Return the ref of what an attempt produced, raw."""
    return f"{root(phase)}/attempts/{branch_id}/{number}"


def beside(phase: int, branch_id: str, number: int) -> str:
    """Return the ref of what an agent left that is not on its HEAD: kept, never judged or merged."""
    return f"{root(phase)}/beside/{branch_id}/{number}"


def gone(phase: int, engine: str) -> str:
    """Return the ref that says that an engine is gone for good, with whatever agents it had."""
    return f"{root(phase)}/gone/{engine}"


def transcript(phase: int, branch_id: str, number: int) -> str:
    """Return the ref of what an agent said, outside of the phase's own refs, which every task fetches."""
    return f"{transcripts(phase)}/{branch_id}/{number}"


def transcripts(phase: int) -> str:
    """Return the prefix of a phase's transcripts, without a trailing slash."""
    return f"refs/phaseplan/transcripts/phase-{phase}"


def result(phase: int, branch_id: str, number: int, gating: int) -> str:
    """Return the ref of a verdict."""
    return f"{root(phase)}/results/{branch_id}/{number}.{gating}"


def paused(phase: int, profile: str) -> str:
    """Return the ref of the pause of an agent profile, whose name may have any characters."""
    plain = re.compile(rb"[a-z0-9_-]")
    name = "".join(chr(b) if plain.fullmatch(bytes([b])) else f"%{b:02X}" for b in profile.encode("utf-8", "replace"))
    return f"{root(phase)}/paused/{name}"


def integration(phase: int) -> str:
    """Return the ref of the phase's integration branch."""
    return f"refs/heads/integration/phase-{phase}"


def public_name(branch: Branch, number: int) -> str:
    """Return the git name under which an attempt is published: `<branch>`, then `<branch>-v2`."""
    return branch.branch if number == 1 else f"{branch.branch}-v{number}"
