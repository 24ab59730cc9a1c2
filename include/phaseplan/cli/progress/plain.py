"""Write progress for a log: one line for each change, and none without one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from phaseplan.cli.progress.view import BranchView, PhaseView


def clock(seconds: float | None) -> str:
    """Write `0:42`, `12:05`, `1:02:33`; `-` if unknown."""
    if seconds is None:
        return "-"
    minutes, left_seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left_seconds:02}" if hours else f"{minutes}:{left_seconds:02}"


class Plain:
    """Write what has changed since the last call."""

    def __init__(self, print_line: Callable[[str], None]) -> None:
        self._print = print_line
        self._shown_states: dict[tuple[int, str], str] = {}

    def show(self, views: Sequence[PhaseView], elapsed: float, etas: Sequence[float | None]) -> None:
        """Write each change: branches before their wave, waves before their phase."""
        for view, eta in zip(views, etas, strict=True):
            start = self._changed(view.phase, "", view.state) if not view.over else False
            if start:
                self._line(elapsed, view, f"{view.state}: {view.title}")
            for pause in view.pauses:
                if self._changed(view.phase, f"profile {pause.profile}", pause.since):
                    self._line(elapsed, view, pause.sentence())
            for question in view.questions:
                if self._changed(view.phase, "question", question):
                    self._line(elapsed, view, question)
            for branch in view.branches:
                if branch.state not in ("pending", "queued") and self._changed(view.phase, branch.id, branch.state):
                    self._line(elapsed, view, _branch(branch, view))
            for number, state in view.waves.items():
                if state not in ("pending", "running") and self._changed(view.phase, f"wave {number}", state):
                    self._line(elapsed, view, _wave(view, number, state, eta))
            if view.over and self._changed(view.phase, "", view.state):
                self._line(elapsed, view, f"ended: {view.state}")

    def note(self, text: str) -> None:
        """Write a line that is not about a phase."""
        self._print(text)

    def _changed(self, phase: int, part: str, state: str) -> bool:
        before = self._shown_states.get((phase, part))
        self._shown_states[phase, part] = state
        return before != state

    def _line(self, elapsed: float, view: PhaseView, text: str) -> None:
        self._print(f"[{clock(elapsed):>7}] phase {view.phase}  {text}")


def _wave(view: PhaseView, number: int, state: str, eta: float | None) -> str:
    members = [branch for branch in view.branches if branch.wave == number]
    came_in = sum(branch.state == "integrated" for branch in members)
    if state == "integrated" and not came_in:
        state = "ended, nothing of it is integrated"
    estimate = "" if eta is None or view.over else f", about {clock(eta)} to go"
    return (
        f"wave {number} {state} ({came_in}/{len(members)} branches, {view.done}/{len(view.branches)} in all{estimate})"
    )


def _branch(branch: BranchView, view: PhaseView) -> str:
    facts = []
    if branch.attempt > 1:
        facts.append(f"attempt {branch.attempt}")
    if branch.busy:
        facts.append(f"{view.busy}/{view.slots} agents busy")
    elif branch.seconds is not None and branch.state != "blocked":
        facts.append(f"after {clock(branch.seconds)}")
    text = f"{branch.id} {branch.title}: {branch.state}" + (f" ({', '.join(facts)})" if facts else "")
    return f"{text}: {branch.reason}" if branch.reason and not branch.busy else text
