"""Estimate what a model's reading of a document costs, before it is asked."""

from __future__ import annotations

import math
from dataclasses import dataclass

from phaseplan.documents.outline.findings.unused import candidates
from phaseplan.documents.outline.lines import Document
from phaseplan.plan.prices import dated, prices_of

ROUNDS = 3  # the first answer, and two more
_OF_UNIT = 160  # tokens of one unit in an answer
_LEAST = 1_500


@dataclass(frozen=True)
class Estimate:
    """Hold tokens and dollars of one round and of all; `price` is None where the model's price is not known."""

    model: str
    read: int
    written: int
    price: tuple[float, float] | None

    def text(self) -> str:
        """Say what it costs."""
        every = ROUNDS * self.read + (ROUNDS - 1) * ROUNDS // 2 * self.written  # a round reads the answers before it
        tokens = f"{self.model} reads about {self.read:,} tokens and writes about {self.written:,}"
        most = f"at most {ROUNDS} rounds: {every:,} and {ROUNDS * self.written:,}"
        if self.price is None:
            return f"{tokens} ({most}); its price is not in the table of {dated()}"
        once, all_ = self._dollars(self.read, self.written), self._dollars(every, ROUNDS * self.written)
        return f"{tokens}, about ${once:.2f} ({most}, about ${all_:.2f}; prices of {dated()})"

    def _dollars(self, read: int, written: int) -> float:
        assert self.price is not None
        return max(0.01, (read * self.price[0] + written * self.price[1]) / 1e6)


def estimate(model: str, doc: Document, prompt: str) -> Estimate:
    """Estimate one reading."""
    units = sum(one.kind == "unit" for one in candidates(doc))
    read = tokens(prompt)
    written = max(_LEAST, units * _OF_UNIT, min(read // 2, 40_000))
    row = prices_of().get(model.partition(":")[2] or model)
    return Estimate(model, read, written, (row["input"], row["output"]) if row else None)


def tokens(text: str) -> int:
    """Estimate the tokens of a text: four letters of a plain one, one sign of any other script."""
    plain = sum(map(str.isascii, text))
    return math.ceil(plain / 4) + len(text) - plain
