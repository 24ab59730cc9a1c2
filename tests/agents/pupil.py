"""A scripted model that knows nothing of plans but what its command line hands over: the skill, and what commands say.

Its first plan is wrong. It mends what lint names, where lint names it, by the word that lint proposes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any

from tests.agents.model_server import Model

PLAN = "include/plans/phase-01.yaml"
#: What the idea comes to, with a profile and an id that do not exist.
WRONG = """\
phase: 1
title: A list of things to buy
agent: claud
waves:
  - wave: 1
    branches:
      - id: "1.1.1"
        branch: feature/store
        title: Store the list in a file
        owns: [/shop/store.py]
        brief: Write `add(name)` and `items() -> list[str]`; one item a line in items.txt.
  - wave: 2
    branches:
      - id: "1.2.1"
        branch: feature/page
        title: Show the list as a page
        owns: [/shop/page.py]
        depends_on: ["1.1.2"]
        brief: Write `page() -> str`, an HTML list of what `items()` gives.
"""
_ROUNDS = 5  # with lint, at most; two mend all


class Pupil(Model):
    """A model that follows the skill, where its command line lists it as Codex does; else it is done at once.

    :ivar requests: the words of each request for an answer.
    :ivar outputs: what each command that it had run has answered, as the command line handed it over.
    """

    def __init__(self) -> None:
        super().__init__("", "")
        self.requests: list[str] = []
        self.outputs: list[str] = []

    def command(self, asked: Mapping[str, Any], outputs: Sequence[str]) -> str | None:
        """The next command, after what all before it have answered: a request holds the whole story."""
        self.requests.append("\n".join(_words(asked)))
        self.outputs = list(outputs)
        steps = _lesson(self.requests[-1])
        try:
            return [next(steps), *[steps.send(output) for output in outputs]][-1]
        except StopIteration:
            return None


def _words(data: Any) -> Iterator[str]:
    """Every text of a request, as it was before it became JSON."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping | list):
        for part in data.values() if isinstance(data, Mapping) else data:
            yield from _words(part)


def _lesson(request: str) -> Generator[str, str, None]:
    """The commands by which an idea becomes a plan; each is sent what the one before has answered."""
    if (place := _place(request)) is None:
        return
    skill = yield f"cat {place}"
    verbs = {command.split()[1]: command for command in re.findall(r"`(phaseplan [^`]+)`", skill)}
    if not {"schema", "lint", "explain", "simulate"} <= set(verbs) or '"depends_on"' not in (yield verbs["schema"]):
        return
    yield f"mkdir -p include/plans && cat > {PLAN} <<'END'\n{WRONG}END"
    for _ in range(_ROUNDS):
        problems = _diagnostics((yield verbs["lint"]))
        if problems == []:
            yield verbs["simulate"]
        if not problems:
            return
        yield re.sub(r"PP\d+", problems[0]["code"], verbs["explain"])
        yield _mended(problems[0])


def _place(request: str) -> str | None:
    """Where Codex says that the skill lies: a file below a folder, which it names by a short word."""
    listed = re.search(r"^- phaseplan: .*\(file: (\w+)/(.+)\)$", request, re.MULTILINE)
    folder = listed and re.search(rf"^- `{listed[1]}` = `(.+)`$", request, re.MULTILINE)
    return f"{folder[1]}/{listed[2]}" if listed and folder else None


def _diagnostics(output: str) -> list[dict[str, Any]] | None:
    """What lint's JSON says, whatever a command line writes around it; None: it was not handed over."""
    found = re.search(r"^\{\n.*^\}", output, re.DOTALL | re.MULTILINE)
    return None if found is None else list(json.loads(found[0])["diagnostics"])


def _mended(problem: Mapping[str, Any]) -> str:
    """The command that puts lint's word where lint points; quotes stay."""
    word = re.search(r"`([^`]+)`", problem["hint"])
    assert word is not None
    before = rf"^(.{{{problem['column'] - 1}}}\"?)[^\":]*"
    return f"sed -Ei '{problem['line']}s/{before}/\\1{word[1]}/' {problem['file']}"
