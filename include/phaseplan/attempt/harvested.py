"""Hold what one attempt came to before its gates."""

from __future__ import annotations

from dataclasses import dataclass, field

from phaseplan.containers.redact import Redactor
from phaseplan.ledger.money.usage import Usage
from phaseplan.ledger.pause.pauses import Proof
from phaseplan.ledger.records import Finding, Verdict
from phaseplan.ledger.rulings import Evidence
from phaseplan.ledger.transcripts import Kept


@dataclass(frozen=True)
class Harvest:
    """Hold one attempt's outcome before the gates."""

    base: str
    raw: str
    collected: bool = True  # False: nothing could be brought back
    withheld: bool = False  # holds a secret: it must not leave this machine
    kept_volume: str | None = None  # holds what did not come back, or must not
    findings: tuple[Finding, ...] = ()
    exit_code: int | None = None
    stopped: str = ""  # how, where neither the agent nor its limits ended it
    last_line: str = ""
    away: str = ""  # what it did not have, by its own account
    started: str = ""
    finished: str = ""
    seconds: float = 0.0
    retry_after: float | None = None  # seconds for which the provider asked to wait
    proof: Proof = ""  # of its provider, for others of its profile
    usage: Usage | None = None  # as its gateway counted it
    transcript: Kept | None = None  # how much of what the agent said is kept
    before: Verdict | None = None  # of the same work, where it is gated once more
    redact: Redactor = field(default_factory=lambda: Redactor(()))

    @property
    def evidence(self) -> Evidence:
        """Return what a decision needs of it."""
        return Evidence(self.exit_code, self.stopped, self.findings, self.last_line, self.away)
