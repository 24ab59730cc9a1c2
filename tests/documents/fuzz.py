"""`python -m tests.documents.fuzz [INPUTS] [SEED]`: mutated documents into the importer and into the loader.

Holds that only diagnostics come out, that a plan that comes out is YAML this project reads, that it takes no longer
than LIMIT seconds, and that memory stays bounded. Writes docs/fuzz.md. Ends with 1 and the input's file where one of
these is broken.
"""

from __future__ import annotations

import multiprocessing
import random
import resource
import signal
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from phaseplan.documents.importing.document import import_bytes
from phaseplan.plan.yaml.load import decode, parse
from tests.documents.corpus import sources
from tests.documents.mutations import mutate

LIMIT = 10.0  # seconds for one document; a document of the corpus takes 0.03
MEMORY = 2 << 30  # bytes of this process
CHUNK = 2_000  # inputs of a process at a time
WHOLE = 1_000_000  # inputs of a whole round
TABLE = Path(__file__).resolve().parents[2] / "docs" / "fuzz.md"


PAGE = """# Fuzzing the importer

Mutated documents of `tests/documents`, whole and in parts, and of one that `export` wrote, into the importer and the
loader. Each seed is one input: only diagnostics may come out, and a plan that comes out must be YAML that this project
reads; no input may take {limit:.0f} s, nor a process {memory} GiB. `make fuzz` runs a million, and so does `make soak`;
`make fuzz FUZZ_INPUTS=20000` fewer; `python -m tests.documents.guided FOLDER` is guided by coverage.

This round: {asked}.

| inputs | first seed | broken | seconds | slowest, s | its seed | peak of a process, MiB |
|---|---|---|---|---|---|---|
| {row} |
"""


@dataclass(frozen=True)
class Done:
    """Some inputs. Times are seconds, `peak` is MiB of one process."""

    inputs: int
    first: int  # seed
    broken: int
    seconds: float
    slowest: float
    seed: int  # of the slowest
    peak: int


def check(raw: bytes) -> None:
    """Import one input, and report a fault.

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
    """Make the input of one seed: a document or, three times as often, some lines of one, with mutations."""
    r = random.Random(seed)
    text = mutate(_part(r.choice(texts), r), r.choice(texts), r, r.choice((1, 2, 4, 8, 30)))
    raw = text.encode("utf-8", "surrogatepass")
    if r.random() < 0.02:
        at = r.randrange(len(raw) + 1)
        raw = raw[:at] + bytes(r.randrange(256) for _ in range(8)) + raw[at:]
    return raw


def _part(text: str, r: random.Random) -> str:
    if r.random() < 0.25:
        return text
    lines = text.split("\n")
    at = r.randrange(len(lines))
    return "\n".join(lines[at : at + r.randrange(1, 80)])


def some(seeds: range) -> Done:
    """Run the inputs of some seeds; print what breaks, and leave its input in a file."""
    texts = sources()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    begun, slowest, broken = time.perf_counter(), (0.0, seeds[0]), 0
    for seed in seeds:
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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    return Done(len(seeds), seeds[0], broken, time.perf_counter() - begun, *slowest, peak)


def main(inputs: int, first: int) -> int:
    """Run some inputs on all cores, to the end or until Ctrl-C, and write down what became of them.

    :return: how many broke something.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it
    begun = time.perf_counter()
    parts: list[Done] = []
    chunks = [range(at, min(at + CHUNK, first + inputs)) for at in range(first, first + inputs, CHUNK)]
    quiet = {"initializer": signal.signal, "initargs": (signal.SIGINT, signal.SIG_IGN)}
    with multiprocessing.get_context("spawn").Pool(**quiet) as pool:
        try:
            for part in pool.imap_unordered(some, chunks):
                parts.append(part)
                whole = _together(parts, time.perf_counter() - begun)
                print(f"{whole.inputs:,} inputs, {whole.seconds:.0f} s, {whole.broken} broken", flush=True)
        except KeyboardInterrupt:
            print("stopped")
    whole = _together(parts, time.perf_counter() - begun)
    TABLE.write_text(table(whole), encoding="utf-8")
    return whole.broken


def _together(parts: list[Done], seconds: float) -> Done:
    worst = max(parts, key=lambda part: part.slowest)
    inputs, broken = sum(part.inputs for part in parts), sum(part.broken for part in parts)
    first, peak = min(part.first for part in parts), max(part.peak for part in parts)
    return Done(inputs, first, broken, seconds, worst.slowest, worst.seed, peak)


def table(done: Done) -> str:
    """Write the table of one round for docs/fuzz.md."""
    asked = "the whole million" if done.inputs >= WHOLE else f"{done.inputs:,} inputs; the million was not run"
    took, slowest = f"{done.seconds:.0f}", f"{done.slowest:.2f}"
    row = (f"{done.inputs:,}", done.first, done.broken, took, slowest, done.seed, done.peak)
    return PAGE.format(limit=LIMIT, memory=MEMORY >> 30, asked=asked, row=" | ".join(map(str, row)))


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    sys.exit(1 if main((arguments or [WHOLE])[0], (arguments[1:] or [0])[0]) else 0)
