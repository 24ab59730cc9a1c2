"""`python -m tests.documents.fuzz [INPUTS] [SEED]`: mutated documents into the importer and into the loader.

Holds that only diagnostics come out, that a plan that comes out is YAML this project reads, that it takes no longer
than LIMIT seconds, and that memory stays bounded. Writes docs/fuzz.md. Ends with 1 and the input's file where one of
these is broken.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from include.phaseplan.plan.importing.document import import_bytes
from include.phaseplan.plan.loader import decode, parse
from tests.documents.corpus import sources
from tests.documents.mutations import mutate

LIMIT = 10.0  # seconds for one document; a document of the corpus takes 0.03
MEMORY = 2 << 30  # bytes of this process
WHOLE = 1_000_000  # inputs of a whole round
TABLE = Path(__file__).resolve().parents[2] / "docs" / "fuzz.md"


PAGE = """# Fuzzing the importer

Mutated documents of `tests/documents`, and of one that `export` wrote, into the importer and the loader. Each seed is
one input: only diagnostics may come out, and a plan that comes out must be YAML that this project reads; no input may
take {limit:.0f} s, nor the process {memory} GiB. `make fuzz` runs a million, `make fuzz FUZZ_INPUTS=20000` fewer;
`python -m tests.documents.guided FOLDER` is guided by coverage.

This round: {asked}.

| inputs | first seed | broken | seconds | slowest, s | its seed | peak, MiB |
|---|---|---|---|---|---|---|
| {row} |
"""


@dataclass(frozen=True)
class Done:
    """One round. Times are seconds."""

    inputs: int
    first: int  # seed
    broken: int
    seconds: float
    slowest: float
    seed: int  # of the slowest


def check(raw: bytes) -> None:
    """One input.

    :raises AssertionError: something else than diagnostics came out.
    """
    begun = time.perf_counter()
    done = import_bytes("fuzz.md", raw)
    assert time.perf_counter() - begun < LIMIT, "it takes too long"
    assert all(d.line >= 1 for d in done.diagnostics)
    assert done.text is not None or done.diagnostics, "no plan, and nothing says why"
    if done.text is not None:
        source = parse("fuzz.yaml", done.text)
        assert source.diagnostics == () and source.data is not None, source.diagnostics
    text = decode("fuzz.yaml", raw)
    if isinstance(text, str):
        parse("fuzz.yaml", text)


def case(seed: int, texts: list[str]) -> bytes:
    """The input of one seed."""
    r = random.Random(seed)
    text = mutate(r.choice(texts), r.choice(texts), r, r.choice((1, 2, 4, 8, 30)))
    raw = text.encode("utf-8", "surrogatepass")
    if r.random() < 0.02:
        at = r.randrange(len(raw) + 1)
        raw = raw[:at] + bytes(r.randrange(256) for _ in range(8)) + raw[at:]
    return raw


def main(inputs: int, first: int) -> int:
    """Run some inputs and write down what became of them; the number of those that broke something."""
    texts = sources()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    begun, slowest, broken = time.perf_counter(), (0.0, 0), 0
    for seed in range(first, first + inputs):
        raw = case(seed, texts)
        at = time.perf_counter()
        try:
            check(raw)
        except Exception as error:
            broken += 1
            file = Path(tempfile.gettempdir()) / f"phaseplan-fuzz-{seed}.md"
            file.write_bytes(raw)
            print(f"seed {seed}: {type(error).__name__}: {str(error)[:300]} ({file})", flush=True)
        slowest = max(slowest, (time.perf_counter() - at, seed))
        if (seed - first + 1) % 10_000 == 0:
            print(f"{seed - first + 1} inputs, {time.perf_counter() - begun:.0f} s, {broken} broken", flush=True)
    done = Done(inputs, first, broken, time.perf_counter() - begun, *slowest)
    TABLE.write_text(table(done), encoding="utf-8")
    print(f"{inputs} inputs in {done.seconds:.0f} s, {broken} broken, slowest {done.slowest:.2f} s ({TABLE.name})")
    return broken


def table(done: Done) -> str:
    """What docs/fuzz.md says of one round."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    asked = "the whole million" if done.inputs >= WHOLE else f"{done.inputs:,} inputs; the million was not run"
    took, slowest = f"{done.seconds:.0f}", f"{done.slowest:.2f}"
    row = (f"{done.inputs:,}", done.first, done.broken, took, slowest, done.seed, peak)
    return PAGE.format(limit=LIMIT, memory=MEMORY >> 30, asked=asked, row=" | ".join(map(str, row)))


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    sys.exit(1 if main((arguments or [WHOLE])[0], (arguments[1:] or [0])[0]) else 0)
