"""Read scripts that make a work tree for each branch: `git worktree add ../wt-loop -b feat/loop`."""

from __future__ import annotations

import re

from phaseplan.documents.outline import attributes
from phaseplan.documents.outline.builder import Builder
from phaseplan.documents.outline.headings import is_group
from phaseplan.documents.outline.lines import Document, Line
from phaseplan.documents.outline.model import At, Outline, Trouble, Unit
from phaseplan.documents.outline.tables import Table, tables
from phaseplan.documents.outline.text import cell_paths, git_names, paths, plain

_ADD = re.compile(r"\bgit\s+(?:-C\s+\S+\s+)?worktree\s+add\b(?P<rest>.*)")
_NEW = re.compile(r"(?:^|\s)(?:-b|-B|--branch)[ =]+[\"']?(?P<name>\w[\w./-]*\w)(?![\w./-]*[<\[{$*])")
_WORDS = re.compile(r"(?<![\w-])(?!-)[\"']?([\w.~$/{}-]+)[\"']?")
_LABEL = re.compile(r"(?:w|wt|worktree|agent|session|stream|track)?\s*[#-]?\s*(\d{1,3})", re.IGNORECASE)


def recognise(doc: Document) -> bool:
    """Say whether there are such commands."""
    return any(_branch(line) for line in doc.lines if line.kind in ("code", "text", "item"))


def _branch(line: Line) -> tuple[str, str, str] | None:
    """Return the git name, the folder and the base of a command; `-b feature/<name>` only shows the form."""
    match = _ADD.search(line.raw)
    if match is None or line.raw.lstrip().startswith("#"):
        return None
    rest = match["rest"].split("#")[0].strip().strip("`")
    new = _NEW.search(rest)
    words = _WORDS.findall(_NEW.sub(" ", rest))
    if new is not None:
        return new["name"], *[*words, "", ""][:2]
    plain_name = len(words) > 1 and "$" not in words[1] and not re.search(r"(?:^|\s)(?:-b|-B|--branch)\b", rest)
    return (words[1], words[0], "") if plain_name else None


def read(doc: Document) -> Outline:
    """Read each command as a unit, and tables that say which files it owns."""
    build = Builder(doc, "git worktree")
    if doc.text.startswith("#!"):
        build.part.title = None  # a comment of a script
    folders: dict[str, Unit] = {}
    for line in doc.lines:
        head = is_group(line) if line.kind == "heading" and line.level > 1 else None
        if head is not None:
            build.new_group(line, head)
        found = _branch(line) if line.kind in ("code", "text", "item") else None
        if found is None and (command := _ADD.search(line.raw)) and re.search(r"-[bB][ =]\S*\$", command["rest"]):
            message = "this command makes a branch for each value of a variable, and was not used"
            build.outline.troubles.append(Trouble("PP916", line.number, message, "write one command for each branch"))
        if found is not None and found[0] not in {u.name.value for u in build.outline.units if u.name}:
            count = len(build.outline.units) + 1
            unit = Unit(str(count), line.number, made_up=True, name=At(found[0], line.number))
            if git_names(found[2]) or found[2] in {u.name.value for u in build.outline.units if u.name}:
                unit.texts.append(At(found[2], line.number))  # it begins with what that branch has
            folders[found[1].rstrip("/").rsplit("/", 1)[-1].lower()] = build.new_unit(line, unit)
    for table in tables(doc):
        _owners(build, table, folders)
    return build.outline


def _owners(build: Builder, table: Table, folders: dict[str, Unit]) -> None:
    """Read `File | Owner`, where the owner is a branch, a folder, or `W2`: the second work tree."""
    owner, owned = table.column("label"), table.column("owns")
    if owner is None or owned is None:
        return
    units = build.outline.units
    known = {unit.name.value.lower(): unit for unit in units if unit.name} | folders
    known |= {unit.name.value.rsplit("/", 1)[-1].lower(): unit for unit in units if unit.name}
    numbers = {m[1] for cell in table.cells(owner) if (m := _LABEL.fullmatch(plain(cell)))}
    if numbers == {unit.id for unit in units}:
        known |= {
            plain(c).lower(): units[int(m[1]) - 1] for c in table.cells(owner) if (m := _LABEL.fullmatch(plain(c)))
        }
    for row in table.rows:
        cells = [*row.cells, *[""] * len(table.head.cells)]
        unit = known.get(plain(cells[owner]).lower().strip(" `"))
        several = cell_paths(cells[owned]) or paths(cells[owned])
        if unit is not None and several:
            attributes.own(unit, several, row.number)
            build.use(row)
            build.use(table.head)
