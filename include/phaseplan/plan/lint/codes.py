"""List every diagnostic: its stable code, its severity, and its meaning in one line.

A code keeps its meaning for ever; a retired one is not given out again. PP1 the file, PP2 keys and
values, PP3 names, PP4 dependencies and waves, PP5 paths, PP6 agents and notifiers, PP7 running, PP8 the campaign,
PP9 a Markdown document that is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Code:
    """Describe one kind of diagnostic."""

    severity: Severity
    meaning: str


_ERRORS: dict[str, str] = {
    "PP101": "the file cannot be read",
    "PP102": "the file is empty",
    "PP103": "the file is larger than any plan needs to be",
    "PP104": "the file is not UTF-8 text",
    "PP105": "the file is not valid YAML",
    "PP106": "aliases or nesting go further than any plan needs",
    "PP107": "a YAML tag asks for something other than plain data",
    "PP108": "a key is given twice in one mapping",
    "PP109": "the top of the file is not a mapping",
    "PP201": "a key nobody reads, probably a typo",
    "PP202": "a required key is missing",
    "PP203": "a value of the wrong kind",
    "PP204": "a duration that cannot be read",
    "PP206": "a name, a title, paths or a number that a plan needs before it can run",
    "PP301": "two branches have the same id",
    "PP302": "two branches have the same git name",
    "PP303": "a branch id that cannot be part of a git ref",
    "PP304": "a name git does not accept for a branch",
    "PP305": "a git name is a directory of another, which git refuses to store side by side",
    "PP306": "a git name is what another branch's later attempt would be published as",
    "PP307": "a git name belongs to the base or to the integration branch",
    "PP308": "two branches would become the same Airflow task",
    "PP309": "a git name that reads as another ref, or is kept for Phaseplan",
    "PP401": "a dependency on a branch that does not exist",
    "PP402": "dependencies run in a circle",
    "PP403": "a dependency in a later wave",
    "PP404": "two waves have the same number",
    "PP405": "waves are not in the order of their numbers",
    "PP501": "a path pattern that is not gitignore syntax",
    "PP502": "a path that leaves the repository",
    "PP505": "a shared file's owner is not a branch of this plan",
    "PP506": "a shared file is listed for a branch that does not exist",
    "PP507": "a regular expression that does not compile",
    "PP508": "a shared file is declared twice",
    "PP509": "a shared file's owner is in a later wave than a branch listed for it",
    "PP601": "an agent profile that does not exist",
    "PP602": "a branch that no agent profile builds",
    "PP603": "a notifier that the operator has not defined",
    "PP609": "a delivery that cannot be made",
    "PP701": "a schedule that Airflow cannot follow",
    "PP704": "a repository address that would make git run a program",
    "PP801": "two plans describe the same phase",
    "PP803": "blocks and depends_on of two plans contradict each other",
    "PP804": "a phase is called independent of one it is tied to",
    "PP805": "phases wait for each other in a circle",
    "PP915": "a document in which no branch of a plan can be found",
}
_WARNINGS = {
    "PP205": "a TODO that the import left: the document does not say it",
    "PP310": "two git names or ids differ in case only",
    "PP407": "a dependency is listed twice",
    "PP503": "two branches of one wave own the same path and neither waits for the other",
    "PP510": "two paths differ in case only",
    "PP604": "a language model is to build a branch that has no brief",
    "PP605": "a model that nobody names unless the Airflow connection of the key does",
    "PP606": "a budget that branches share, and an agent whose use of a model nothing counts",
    "PP607": "a branch that may use more than the budget that it shares",
    "PP702": "a cron on a phase that waits for other phases",
    "PP705": "a repository address with a password in it",
    "PP706": "a gate command that can only find a clean checkout",
    "PP707": "a part of `approve` that has no effect",
    "PP802": "a phase depends on one that no plan describes",
    "PP806": "a phase is missing from the blocks of one it depends on",
    "PP807": "two plans of one repository publish under the same git name",
    "PP901": "graph, table, matrix and text disagree on what a branch needs",
    "PP902": "a total is not the sum of its parts",
    "PP903": "a git name says another wave or phase than the plan",
    "PP904": "dependencies run in a circle when all sources are taken together",
    "PP905": "a critical path that is no path",
    "PP906": "a phase is called independent of one it is tied to",
    "PP907": "dependencies inside a wave do not fit its duration or its agents",
    "PP908": "a claimed reduction is not what the document's own numbers give",
    "PP909": "packages are called separate and are one directory",
    "PP910": "a gate that cannot fail, or passes when it should fail",
    "PP911": "two figures for one thing",
    "PP912": "sources put a branch in different waves",
    "PP913": "git names and branches do not fit together",
    "PP914": "a dependency in words that fits no branch",
    "PP916": "a line that looks like a unit of work or a dependency, and is not in the plan",
}
_NOTES = {
    "PP504": "the claimed conflict risk is not what the overlap of paths says",
    "PP703": "a wave has more branches than agents may run at once",
    "PP917": "work that the document calls finished or split, and the plan leaves out",
}

_TABLES: tuple[tuple[Severity, dict[str, str]], ...] = (("error", _ERRORS), ("warning", _WARNINGS), ("note", _NOTES))
CODES: dict[str, Code] = {
    code: Code(severity, meaning) for severity, table in _TABLES for code, meaning in table.items()
}
