"""`python -m tests.documents.fuzz [INPUTS] [SEED]`: mutated documents into the importer and into the loader.

Holds that only diagnostics come out, that a plan that comes out is YAML this project reads, that it takes no longer
than LIMIT seconds, and that memory stays bounded. Ends with 1 and the input's file where one of these is broken.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from include.phaseplan.plan.importing.document import import_bytes
from include.phaseplan.plan.loader import decode, parse
from tests.documents.corpus import documents
from tests.documents.mutations import mutate

LIMIT = 10.0  # seconds for one document; a document of the corpus takes 0.03
MEMORY = 2 << 30  # bytes of this process


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


def case(seed: int, sources: list[str]) -> bytes:
    """The input of one seed."""
    r = random.Random(seed)
    text = mutate(r.choice(sources), r.choice(sources), r, r.choice((1, 2, 4, 8, 30)))
    raw = text.encode("utf-8", "surrogatepass")
    if r.random() < 0.02:
        at = r.randrange(len(raw) + 1)
        raw = raw[:at] + bytes(r.randrange(256) for _ in range(8)) + raw[at:]
    return raw


def main(inputs: int, first: int) -> int:
    """Run some inputs; the number of those that broke something."""
    sources = [path.read_bytes().decode() for path in documents()]
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    begun, slowest, broken = time.perf_counter(), (0.0, 0), 0
    for seed in range(first, first + inputs):
        raw = case(seed, sources)
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    took = time.perf_counter() - begun
    print(
        f"{inputs} inputs in {took:.0f} s, {broken} broken, slowest {slowest[0]:.2f} s (seed {slowest[1]}), {peak} MiB"
    )
    return broken


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    sys.exit(1 if main((arguments or [1_000_000])[0], (arguments[1:] or [0])[0]) else 0)
