"""Plain words: a docstring begins with a verb, and a name is the noun it holds."""

from __future__ import annotations

import ast
import re

import pytest

from tests.house.sources import TOP, files, place, tree

_PACKAGE = TOP / "include" / "phaseplan"
#: Folders whose docstrings and names are held: every room of the package, and our other programs.
ROOMS = [
    *(str(room.relative_to(TOP)) for room in sorted(_PACKAGE.iterdir()) if (room / "__init__.py").is_file()),
    "bench",
    "images",
    "provision",
]
#: Folders whose local names are not held yet.
_OLD_NAMES = {"include/phaseplan/attempt", "include/phaseplan/merging"}
#: First words of a docstring that ask a question instead of naming what the function or class does.
_QUESTION = re.compile(r"(What|Whether|Who|Whose|Where|When|Why|Which|How|Everything|Nothing|Nobody|Everybody)\b")
#: First words that begin a description of a thing, or a remark, where a function needs a verb.
_NO_VERB = re.compile(
    _QUESTION.pattern + r"|(The|A|An|One|Some|Every|All|Each|No|Not|Only|Of|In|At|By|From|For|As|If|It|Its|This|These"
    r"|Those|There|True|False|Never)\b|[^A-Z]|(?!(Pass|Press|Process|Express|Address)\b)[A-Z][a-z]+s\b"
)
#: What the docstring of a module names first where it makes a command.
_COMMAND = re.compile(r"(?:`(?:phaseplan|python -m) [^`]+`|python3 -m [^:]+): ([a-z])")
#: Docstrings of its classes are descriptions in the JSON Schema of a plan: written for its author.
_SCHEMA = "include/phaseplan/plan/model.py"
_PERSON = re.compile(r"\b(nobody|somebody|anybody|whoever)\b", re.IGNORECASE)
_RIDDLES = {"said", "told", "came", "mine", "here"}


def functions(room: str) -> list[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """List the functions of a folder, each with its place."""
    return [
        (place(path, node.lineno), node)
        for path in files(room)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


@pytest.mark.parametrize("room", ROOMS)
def test_a_docstring_begins_with_what_the_function_does(room: str) -> None:
    texts = [(at, ast.get_docstring(node)) for at, node in functions(room)]
    assert [at for at, text in texts if text and _NO_VERB.match(text)] == []


def _capital(command: re.Match[str]) -> str:
    return command[1].upper()


@pytest.mark.parametrize("room", ROOMS)
def test_the_docstring_of_a_module_begins_with_what_it_does(room: str) -> None:
    paths = [path for path in files(room) if path.name != "__init__.py"]
    texts = [(str(path), _COMMAND.sub(_capital, ast.get_docstring(tree(path)) or "")) for path in paths]
    assert [at for at, text in texts if text and _NO_VERB.match(text)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_docstring_of_a_class_asks_no_question(room: str) -> None:
    nodes = [(path, node) for path in files(room) for node in ast.walk(tree(path))]
    classes = [(place(path, node.lineno), node) for path, node in nodes if isinstance(node, ast.ClassDef)]
    found = [at for at, node in classes if _QUESTION.match(ast.get_docstring(node) or "")]
    assert [at for at in found if not at.startswith(_SCHEMA)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_docstring_names_the_process_and_not_somebody(room: str) -> None:
    nodes = [node for path in files(room) for node in ast.walk(tree(path))]
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    texts = [ast.get_docstring(node) or "" for node in nodes if isinstance(node, documented)]
    assert [text for text in texts if _PERSON.search(text)] == []


@pytest.mark.parametrize("room", [room for room in ROOMS if room not in _OLD_NAMES])
def test_a_local_name_is_the_noun_it_holds(room: str) -> None:
    found = [
        (at, name.id)
        for at, node in functions(room)
        for name in ast.walk(node)
        if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store) and name.id in _RIDDLES
    ]
    assert found == []


def test_every_room_has_files_to_hold() -> None:
    assert [room for room in ROOMS if not functions(room)] == []


def test_the_rules_catch() -> None:
    assert _NO_VERB.match("Whether a branch is out.") and not _NO_VERB.match("Say whether a branch is out.")
    assert _NO_VERB.match("The state of a branch.") and _NO_VERB.match("Builds a branch.")
    assert _NO_VERB.match("`x`, then `y`.") and not _NO_VERB.match("Pass a log on.")
    assert _PERSON.search("Whoever reads next.") and not _PERSON.search("The next reader.")
