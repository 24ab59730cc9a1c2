"""Whatever a document holds, the answer is a plan or diagnostics, in bounded time."""

from __future__ import annotations

import os
import random
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phaseplan.documents.importing.document import import_bytes, import_text
from tests.documents.corpus import sources
from tests.documents.fuzz import check
from tests.documents.mutations import mutate

SOURCES = sources()
EXAMPLES = int(os.environ.get("PHASEPLAN_EXAMPLES", "120"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(SOURCES), st.sampled_from(SOURCES), st.integers(0, 2**64), st.integers(1, 30))
def test_mutated_documents_import_without_an_exception(text: str, other: str, seed: int, times: int) -> None:
    check(mutate(text, other, random.Random(seed), times).encode("utf-8", "surrogatepass"))


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300) | st.text(alphabet="|-# `*\n:.5w1Wave[](){}&>%abc/", max_size=600).map(str.encode))
def test_any_bytes_import_without_an_exception(raw: bytes) -> None:
    check(raw)


HOSTILE = {
    "brackets": "[" * 200_000,
    "stars": "*a " * 100_000,
    "one long row": "| Branch |\n|---|\n| " + "5.1.1 " * 60_000 + "|",
    "many cells": "|a" * 30_000 + "|\n" + "|-" * 30_000 + "|\n" + "|b" * 30_000 + "|",
    "many rows": "# Phase 5\n## Wave 1: A\n| ID | Branch | Depends on |\n|-|-|-|\n"
    + "".join(f"| 5.1.{i} | feature/b{i} | Thing {i % 7} |\n" for i in range(900)),
    "rows without ids": "# Phase 5\n## Wave 1: A\n| Agent | Branch | Lines |\n|-|-|-|\n"
    + "".join(f"| Agent {i} | feature/b{i} | 5 |\n" for i in range(3000)),
    "quotes": ">" * 50_000 + " x",
    "lists": "".join(" " * (2 * i) + "- x\n" for i in range(800)),
    "one node for all edges": "```mermaid\ngraph TD\n"
    + " & ".join(f"N{i}[5.1.{i % 999}: x]" for i in range(250))
    + " --> "
    + " & ".join(f"M{i}[5.2.{i % 999}: y]" for i in range(250))
    + "\n```\n",
    "long graph": "# Phase 5\n```mermaid\ngraph TD\n"
    + "".join(f"A{i}[5.1.{i}: t{i}] --> A{i + 1}\n" for i in range(5000))
    + "```\n",
    "one long line": "5.1.1 depends on " + "5.1.2, " * 100_000,
    "spaces": "- **a**" + " " * 300_000 + ": b",
    "dots": "```mermaid\ngraph TD\nA -" + "." * 3_900 + " B\n```",
    "slashes": "feature/" + "a/" * 100_000,
    "colons": ":" * 300_000,
    "arrows": "## Dependencies\n" + "5.1.1 -> 5.1.2 " * 20_000,
    "chain": "# Phase 5\n## Wave 1: A\n| ID | Branch | Depends on |\n|-|-|-|\n"
    + "".join(f"| 5.1.{i} | feature/b{i} | 5.1.{i - 1} |\n" for i in range(1, 390)),
    "many pieces": "```yaml\nwaves: [{wave: 1, branches: [{id: '5.1.1', owns: [a]}]}]\n```\n" * 4000,
    "a long piece": "# Phase 5\n```yaml\nwaves:\n- wave: 1\n  branches:\n"
    + "".join(f"  - {{id: 5.1.{i}, owns: [a{i}/]}}\n" for i in range(9000))
    + "```\n",
    "underscores": "_a" * 100_000,
    "links": "[a](" * 50_000,
    "html": "<a " * 100_000,
    "numbers": "1," * 200_000 + " lines",
    "digits of an id": "# Phase 5\n" + "- A" + "1" * 1_900 + "!\n",
    "days": "## Wave 1 (" + "Day 1 - " * 20_000 + ")",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_take_seconds_at_most(name: str) -> None:
    begun = time.process_time()  # not the clock: a busy machine is no fault of the code
    import_text("hostile.md", HOSTILE[name])
    assert time.process_time() - begun < 15


def test_size_is_bounded() -> None:
    assert [d.code for d in import_bytes("x.md", b"a" * (5 << 20)).diagnostics] == ["PP103"]
    assert [d.code for d in import_text("x.md", "\n" * 30_000).diagnostics] == ["PP103"]
