"""Run Aider (`aider --message-file`), whose lines are meant for people; what it has used stands in a log of its own."""

import json
import os
import re

from agentrunner import litellm, talk

PROGRAM = "aider"
_LOG = "/tmp/aider.jsonl"
_PRICES = "model_prices_and_context_window.json"  # which it looks for on the internet, and says so each time
_USED = re.compile(r"^Tokens: \S+ sent\b")
_EXHAUSTED = re.compile(r"^Model \S+ has hit a token limit!")


def command(model, endpoint, task):
    """Return its command line, with the task in a file: it asks and fetches nothing, and writes its notes elsewhere.

    It leaves its work uncommitted, for Phaseplan to commit: a commit of its own costs a call that it does not count.
    """
    brief = os.environ.get("PHASEPLAN_BRIEF", "/phaseplan/task.md")
    line = [PROGRAM, "--message-file", brief, "--yes-always", "--no-check-update", "--no-analytics", "--no-pretty",
            "--no-stream", "--no-fancy-input", "--no-gitignore", "--no-show-model-warnings", "--no-show-release-notes",
            "--no-detect-urls", "--disable-playwright", "--no-auto-commits", "--no-dirty-commits",
            "--analytics-log", _LOG,
            "--input-history-file", "/tmp/aider.input", "--chat-history-file", "/tmp/aider.chat"]  # fmt: skip
    if model:
        line += ["--model", f"openai/{model}" if endpoint else model]
    return line, {"OPENAI_API_BASE": endpoint} if endpoint else {}, ""


def line(text, state):
    """Show one line, and note what it says about the run."""
    if _PRICES in text:
        return
    talk.say(text)
    if litellm.line(text, state):
        return
    if _EXHAUSTED.match(text):
        state.fault = f"the context is too long for the model: {text.strip()}"
    elif _USED.match(text):
        state.answered()
        state.text = state.lines
    if text.strip():
        state.lines = text.strip()


def end(state):
    """Count what it has used. It exits with 0 whatever its provider has said."""
    state.failed = state.failed or bool(state.trouble or state.fault)
    try:
        with open(_LOG, encoding="utf-8") as file:
            events = [json.loads(text) for text in file]
    except (OSError, ValueError):
        return
    for event in events:
        used = event.get("properties") or {}
        if event.get("event") == "message_send":
            state.usage.input += int(used.get("prompt_tokens") or 0)
            state.usage.output += int(used.get("completion_tokens") or 0)
            if used.get("cost"):
                state.usage.dollars = (state.usage.dollars or 0.0) + float(used["cost"])
