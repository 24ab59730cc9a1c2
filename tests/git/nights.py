"""Nights on a real repository: a phase that is run again and again, with agents that always write the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phaseplan.attempt.inputs import Builder, Start, ingredients, key_of
from phaseplan.errors import PhaseplanError
from phaseplan.ledger.records import Ledger, State, Token
from phaseplan.merging.workspace import synthesise
from phaseplan.phase.open import open_phase
from phaseplan.phase.renew import Renewal
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import tree_of
from tests.git.lab import PHASE, Content, Lab, commit_files

WAVES = ({"1": (), "2": ()}, {"3": ("1",), "4": ("3",), "5": ("2",)})


def plan_of(
    *,
    waves: Sequence[Mapping[str, Sequence[str]]] = WAVES,
    gates: Mapping[str, Any] | None = None,
    validate: Sequence[str] = ("test ! -e poison",),
    briefs: Mapping[str, str] | None = None,
    **more: Any,
) -> PhasePlan:
    """Branch N owns `own/N/`."""
    shown = [
        {
            "wave": i,
            "validate": list(validate),
            "branches": [
                {
                    "id": b,
                    "branch": f"feature/b{b}",
                    "title": f"Branch {b}",
                    "depends_on": list(deps),
                    "owns": [f"/own/{b}/"],
                    "brief": (briefs or {}).get(b, ""),
                }
                for b, deps in rows.items()
            ],
        }
        for i, rows in enumerate(waves, 1)
    ]
    return PhasePlan.model_validate(
        {"phase": PHASE, "title": "Nights", "agent": "sh", "gates": gates or {}, "waves": shown, **more}
    )


@dataclass
class Nights:
    """A target and everything that a night depends on besides its plan.

    :param work: what each branch's agent writes, whatever its attempt.
    :param images: id by name; a name that is missing is its own id.
    """

    lab: Lab
    work: dict[str, dict[str, Content]] = field(default_factory=dict)
    images: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, AgentProfile] = field(default_factory=lambda: {"sh": AgentProfile(image="sh:1")})
    built: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    count: int = 0

    def night(self, plan: PhasePlan, *, rebuild: str = "auto", branches: tuple[str, ...] = ()) -> Ledger:
        """One run: open, renew, build what is not in, integrate, close; as the tasks of Airflow do it."""
        token = self.begin(plan, rebuild=rebuild, branches=branches)
        self.go_on(plan, token)
        return self.ledger()

    def begin(self, plan: PhasePlan, **more: Any) -> Token:
        """Open and renew."""
        self.count += 1
        token = open_phase(
            self.lab.remote, self.lab.repo, plan, self.profiles,
            run_id=f"night-{self.count}", base_name="main", start="wave", **more,
        )  # fmt: skip
        self.renew(token)
        return token

    def renew(self, token: Token) -> None:
        """What `open_phase` does about earlier nights."""
        lab = self.lab
        self.said.clear()
        Renewal(
            lab.remote, lab.repo, token, PHASE, lab.bench, lambda n, _: self.images.get(n, n), 60, self.said.append
        ).run()

    def go_on(self, plan: PhasePlan, token: Token) -> None:
        """Build, integrate, close."""
        self.built.clear()
        run = self.ledger().run
        chosen = run.branches if run and run.branches else tuple(plan.by_id)
        for wave in plan.waves:
            for branch in wave.branches:
                if branch.id in chosen and self.lab.read().state(branch.id) is not State.INTEGRATED:
                    self.build(token, branch.id)
            self.lab.integrate(token, wave.wave)
        self.lab.close(token)

    def build(self, token: Token, branch_id: str) -> None:
        """What a branch's task does."""
        snapshot = self.lab.read()
        assert snapshot.pinned is not None
        plan = snapshot.pinned.plan
        branch = plan.by_id[branch_id]
        space = synthesise(self.lab.repo, plan, token.base, snapshot, branch, self.lab.bench)
        builder = Builder("sh", self.profiles["sh"], self.profiles["sh"], lambda n, _: self.images.get(n, n))
        inputs = ingredients(self.lab.repo, snapshot, plan, branch, builder, Start(token.base, space.commit))
        fields = {"inputs": inputs, "key": key_of(inputs), "run_base": token.base, "agent": "sh"}
        files = self.work.get(branch_id, {f"own/{branch_id}/file": f"{branch_id}\n"})
        self.lab.build(token, branch_id, files, fields=fields)
        self.built.append(branch_id)

    def ledger(self) -> Ledger:
        """What has been decided."""
        return self.lab.read().folded()

    def due(self) -> dict[str, str]:
        """Kind by branch, as the newest run decided."""
        run = self.ledger().run
        return {b: d.kind for b, d in run.due.items()} if run else {}

    def why(self, branch: str) -> str:
        """Why, as the newest run decided."""
        run = self.ledger().run
        return run.due[branch].why if run else ""

    def push_main(self, files: Mapping[str, str | None]) -> str:
        """Somebody commits to the base."""
        head = commit_files(self.lab.repo, self.main(), files, "somebody's work")
        self.lab.push("refs/heads/main", head)
        return head

    def main(self) -> str:
        """The base's tip, fetched."""
        self.lab.remote.fetch(self.lab.repo, "+refs/heads/main:refs/heads/main")
        return self.lab.refs()["refs/heads/main"]

    def tree(self) -> str:
        """Integration's tree."""
        head = self.ledger().integration
        assert head is not None
        return tree_of(self.lab.repo, head)

    def files(self) -> dict[str, str]:
        """Integration's files."""
        head = self.ledger().integration
        listed = self.lab.repo.run("ls-tree", "-r", "--name-only", head or "").out.split()
        return {path: self.lab.repo.run("show", f"{head}:{path}").out for path in listed}


def refused(nights: Nights, plan: PhasePlan) -> PhaseplanError | None:
    """What beginning a night raises."""
    try:
        nights.begin(plan)
    except PhaseplanError as error:
        return error
    return None
