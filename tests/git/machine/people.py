"""What people do to the target without asking anybody."""

from __future__ import annotations

from tests.git.machine.stage import COUNTS, Stage
from tests.git.machine.truth import INTEGRATION
from tests.git.machine.world import BASE, MAIN


class People(Stage):
    """Each method is something a person may do at any time."""

    def people_interfere(self, what: str, branch: str, number: int) -> None:
        if branch in self.plan.by_id:
            COUNTS[f"person: {what}"] += 1
            getattr(self, what)(branch, number)

    def main_moves(self, branch: str, number: int) -> None:
        """Now and then with a line that branches write too: the new base may conflict with what is integrated."""
        self.files += 1
        text = BASE["f"].replace("one\n", "one by main\n")
        files = {f"main/{self.files}": "x\n", **({"f": text} if number == 3 else {})}
        self.world.person(MAIN, files, self.objects_refs()[MAIN], "main moves")

    def breaks_or_mends(self, branch: str, number: int) -> None:
        """Integration itself becomes red by a person's hand, and green again: no branch is at fault."""
        if held := self.objects_refs().get(INTEGRATION):
            broken = [p for p in self.world.objects.paths(held) if p.startswith("bad/p")]
            files = dict.fromkeys(broken) or {"bad/person": "x\n"}
            self.world.person(INTEGRATION, files, held, "a person breaks or mends")

    def pushes_to_integration(self, branch: str = "", number: int = 0) -> None:
        if held := self.objects_refs().get(INTEGRATION):
            self.files += 1
            forged = "a person helps\n\nPhaseplan-Revert: 1 " + held if number == 3 else "a person helps"
            self.world.person(INTEGRATION, {f"person/{self.files}": "x\n"}, held, forged)

    def forces_integration(self, branch: str, number: int) -> None:
        self.puts_integration_back(branch, number)
        self.pushes_to_integration()

    def puts_integration_back(self, branch: str, number: int) -> None:
        if held := self.objects_refs().get(INTEGRATION):
            line = [c for c in self.world.objects.line(held, None) if c in self.watch.values]
            if line:
                self.world.target.run("update-ref", INTEGRATION, line[-min(number, len(line))])

    def takes_a_name(self, branch: str, number: int) -> None:
        """A name `<branch>-vN` with a repair under it, which is to be adopted; `<branch>` itself is just in the way."""
        ref, refs = f"refs/heads/feature/b{branch}" + (f"-v{number}" if number > 1 else ""), self.objects_refs()
        if ref in refs:
            return
        self.files += 1
        base = refs.get(INTEGRATION, refs[MAIN]) if number == 3 else refs[MAIN]
        repair = {f"own/{branch}": f"{branch} vp{self.files}\n"} if number > 1 else {f"name/{self.files}": "x\n"}
        made = self.world.commit(ref, repair, base, "mine")
        self.world.names[ref] = made
        self.world.repairs[made] = branch

    def deletes_our_names(self, branch: str, number: int) -> None:
        ours = [r for r in self.objects_refs() if r.startswith(f"refs/heads/feature/b{branch}")]
        for ref in set(ours) - self.world.names.keys():
            self.world.target.run("update-ref", "-d", ref)
