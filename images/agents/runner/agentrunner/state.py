"""Hold what is known of a run so far: the trouble it is in, and what it has used."""

import re
import time
from dataclasses import dataclass, field

from agentrunner import talk

AWAY = 69  # exit code by which Phaseplan knows that the provider was at fault, and not the work (EX_UNAVAILABLE)
REFUSED = (401, 402, 403)  # a key: to ask again does not help
LONGEST = 300.0  # seconds without an answer of the provider, after which a command line that goes on asking is ended
PATIENCE = 3  # refusals of a key after which a command line that goes on asking is ended
BLOCKED = 75  # exit code by which Phaseplan knows that the agent waits for what another branch has to bring
_BLOCKED = re.compile(r"[*_`#> ]*BLOCKED[*_`]*:[*_`]*(.+)")
_BUSY = (408, 409, 425, 429, 529)


@dataclass
class Usage:
    """Tokens and their price, as the command line reports them."""

    input: int = 0
    output: int = 0
    cached: int = 0
    dollars: float | None = None

    def __str__(self):
        price = "price unknown" if self.dollars is None else f"${self.dollars:.4f}"
        return f"{self.input:,} tokens in ({self.cached:,} of them cached), {self.output:,} out, {price}"


@dataclass
class State:
    """Hold all that a reader of events finds out.

    :param status: HTTP status of the provider's last answer that was none; 0: it could not be reached.
    :param trouble: that answer in words; empty: the provider has answered since, or always.
    :param fault: why the agent itself could not go on, as a context that is too long.
    """

    usage: Usage = field(default_factory=Usage)
    version: str = ""
    status: int | None = None
    trouble: str = ""
    fault: str = ""
    refusals: int = 0
    since: float = 0.0  # when it began, in seconds of `time.monotonic`
    failed: bool = False
    text: str = ""  # what the agent said last
    lines: str = ""  # the last line printed, of a program that does not say which lines are the agent's

    def answered(self):
        """Note that the provider has answered: what was before is over."""
        self.status, self.trouble, self.refusals = None, "", 0

    def said(self, text):
        """Note and show words of the agent."""
        self.answered()
        self.text = str(text).strip() or self.text
        talk.say(text)

    @property
    def blocked(self):
        """On what the agent is blocked, by the last line it said; empty: it is not."""
        lines = self.text.splitlines()
        found = _BLOCKED.match(lines[-1].strip()) if lines else None
        return found[1].strip("*_` ") if found else ""

    def troubled(self, status, words):
        """Note an answer that was none."""
        self.since = self.since if self.trouble else time.monotonic()
        self.status, self.trouble = status, words or "no answer"
        self.refusals += status in REFUSED

    @property
    def hopeless(self):
        """Say whether the provider refuses the key again and again, or has been away for long."""
        return self.refusals >= PATIENCE or bool(self.trouble and time.monotonic() - self.since > LONGEST)

    def away(self):
        """Say in words what is wrong with the provider; empty: nothing, or the agent's own request is."""
        if not self.trouble:
            return ""
        if self.status in REFUSED:
            return f"the provider refuses the key ({self.status} {self.trouble}): mend the connection that holds it"
        if self.status in _BUSY:
            return f"the provider lets nobody in now ({self.status} {self.trouble})"
        if not self.status:
            return f"the provider cannot be reached ({self.trouble}): look at the profile's network and endpoint"
        return f"the provider is in trouble ({self.status} {self.trouble})" if self.status >= 500 else ""
