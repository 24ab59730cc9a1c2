"""python3 -m agentrunner NAME: let a command line build the branch that /phaseplan/task.md describes.

Exit codes: 0 the command line ended well; 75 its last words were `BLOCKED: ...`; 69 its provider was away; else its
own, or 1 where it hides a failure.
"""

import json
import os
import subprocess
import sys
import threading

from agentrunner import aider, claude, codex, mini, opencode, talk
from agentrunner.events import Events
from agentrunner.state import AWAY, BLOCKED, State

CLIS = {"claude-code": claude, "codex": codex, "opencode": opencode, "aider": aider, "mini-swe-agent": mini}
_LONGEST = 32 << 20  # characters of one event; a longer one is passed over


def main(argv):
    """Run one command line; its exit code, as Phaseplan reads it."""
    if len(argv) != 1 or argv[0] not in CLIS:
        talk.say(f"usage: agent {'|'.join(CLIS)}")
        return 2
    cli = CLIS[argv[0]]
    with open(os.environ.get("PHASEPLAN_BRIEF", "/phaseplan/task.md"), encoding="utf-8") as file:
        task = file.read()
    model, endpoint = os.environ.get("PHASEPLAN_MODEL", ""), os.environ.get("PHASEPLAN_ENDPOINT", "")
    line, environment, feed = cli.command(model, endpoint, task)
    state = State()
    code = follow(line, {**os.environ, **environment}, feed, cli, state)
    if hasattr(cli, "end"):
        cli.end(state)
    talk.say(f"Used {state.usage}.")
    return verdict(code, state)


def verdict(code, state):
    """Say in the last line how it ended, and choose the exit code."""
    if code == 0 and not state.failed:
        if state.blocked:
            talk.say(state.blocked)
        return BLOCKED if state.blocked else 0
    if state.fault:
        talk.say(state.fault)
        return code or 1
    away = state.away()
    if away:
        talk.say(away)
        return AWAY
    talk.say(f"the command line ended with exit code {code}" + (f": {state.trouble}" if state.trouble else ""))
    return code or 1


def follow(line, environment, feed, cli, state):
    """Start the command line, give it the task, and read its events to the end; its exit code."""
    process = subprocess.Popen(line, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True, errors="replace")  # fmt: skip
    threading.Thread(target=_feed, args=(process, feed), daemon=True).start()
    raw = Events()
    while text := process.stdout.readline(_LONGEST):
        raw.add(text)
        _read(text, cli, state)
        if state.hopeless:
            process.kill()
            state.failed = True
            break
    process.stdout.close()
    return process.wait()


def _feed(process, text):
    try:
        process.stdin.write(text)
        process.stdin.close()
    except OSError:
        return  # it has ended


def _read(text, cli, state):
    """Read one line: an event, or something the command line says besides."""
    if hasattr(cli, "line"):  # it prints for people, not events
        cli.line(text, state)
        return
    if not text.strip():
        return
    try:
        data = json.loads(text)
    except ValueError:
        talk.say(text)
        return
    if isinstance(data, dict):
        try:
            cli.event(data, state)
        except (AttributeError, TypeError, ValueError) as error:  # a newer version says it in another way
            talk.say(f"[an event that this version does not know: {type(error).__name__}]")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
