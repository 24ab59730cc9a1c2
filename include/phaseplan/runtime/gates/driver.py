"""The program that runs a gating's commands inside its container, and how its log is read."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Container, Sequence

from include.phaseplan.errors import InputFault
from include.phaseplan.runtime.records import Finding

MOST = 100  # commands of one gating; the number of the one that failed is the exit code
_TAIL = 30  # lines of output in a finding
_WIDTH = 400  # characters of such a line

#: Each command gets a shell of its own in the workspace; what it leaves in files carries over.
DRIVER = """\
exec 2>&1
mark=$1; shift
number=0
for command in "$@"; do
    number=$((number + 1))
    printf '%s begin %s\\n' "$mark" "$number"
    sh -c "$command"
    code=$?
    printf '%s end %s %s\\n' "$mark" "$number" "$code"
    if [ "$code" -ne 0 ]; then exit "$number"; fi
done
exit 0
"""
_PLACE = re.compile(r"(?:vet: )?(?:\./|/workspace/)?(?P<path>[^\s:\"'(]+):(?P<line>\d{1,9})\b")


def checked(commands: Sequence[str]) -> tuple[str, ...]:
    """The commands, when one gating can hold them.

    :raises InputFault: there are too many.
    """
    if len(commands) > MOST:
        raise InputFault(
            f"{len(commands)} commands in one gating, {MOST} are possible: put them into a script or a make target"
        )
    return tuple(commands)


class Transcript:
    """Reads a gating's log line by line, and keeps the end of the newest command's output."""

    def __init__(self, mark: str) -> None:
        self._pattern = re.compile(rf"{re.escape(mark)} (begin|end) (\d+)(?: (\d+))?$")
        self.number = 0  # of the newest command that began
        self.code: int | None = None  # of the newest command that ended
        self.tail: deque[str] = deque(maxlen=_TAIL)

    def read(self, line: str, commands: Sequence[str]) -> str | None:
        """What of a line is for people: output as it is, a mark as the command it announces, or nothing."""
        match = self._pattern.search(line)
        output = line[: match.start()] if match else line  # a last line may lack its newline
        if output or not match:
            self.tail.append(output[:_WIDTH])
        if match is None:
            return line
        if match[1] == "begin":
            self.tail.clear()
            self.number = int(match[2])
            return f"$ {commands[self.number - 1]}" if 0 < self.number <= len(commands) else None
        self.code = int(match[3] or 0)
        return output or None


def finding(command: str, said: str, tail: Sequence[str], tracked: Container[str]) -> Finding:
    """A finding about one command, at the first place in the tracked files that its output names."""
    place = next((p for line in tail if (p := _place(line, tracked))), (None, None))
    output = "\n".join(tail).strip()
    message = f"`{command}` {said}" + (f"; its last lines:\n{output}" if output else "; it wrote nothing")
    return Finding(gate="commands", file=place[0], line=place[1], message=message)


def _place(line: str, tracked: Container[str]) -> tuple[str, int] | None:
    match = _PLACE.match(line.strip())
    return (match["path"], int(match["line"])) if match and match["path"] in tracked else None
