"""Run mini-swe-agent (`mini --yolo`), whose lines are meant for people; what it has used stands in its trajectory."""

import json

from agentrunner import litellm, talk

PROGRAM = "mini"
_TRAJECTORY = "/tmp/trajectory.json"


def command(model, endpoint, task):
    """Return its command line, with the task in it, and variables: a model without a known price stops it else."""
    line = [PROGRAM, "--yolo", "--exit-immediately", "--cost-limit", "0", "--output", _TRAJECTORY, "--task", task]
    if model:
        line += ["--model", f"openai/{model}" if endpoint else model]
    environment = {"MSWEA_CONFIGURED": "true", "MSWEA_COST_TRACKING": "ignore_errors", "MSWEA_SILENT_STARTUP": "1",
                   "TERM": "dumb", "COLUMNS": "200"}  # fmt: skip
    return line, environment | ({"OPENAI_API_BASE": endpoint} if endpoint else {}), ""


def line(text, state):
    """Show one line, and note what it says about the run."""
    talk.say(text)
    litellm.line(text, state)


def end(state):
    """Read how it ended and what it has used."""
    try:
        with open(_TRAJECTORY, encoding="utf-8") as file:
            run = json.load(file)
    except (OSError, ValueError):
        return
    info = run.get("info") or {}
    if info.get("exit_status") == "Submitted":
        state.answered()
        state.fault, state.text = "", str(info.get("submission") or "")
    else:
        state.failed = True
        state.fault = state.fault or ("" if state.trouble else f"it ended with {info.get('exit_status')}")
    for message in run.get("messages") or []:
        extra = message.get("extra") or {}
        answer = extra.get("response")
        usage = (answer.get("usage") if isinstance(answer, dict) else None) or {}
        state.usage.input += usage.get("prompt_tokens") or 0
        state.usage.output += usage.get("completion_tokens") or 0
        state.usage.cached += (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        if extra.get("cost"):
            state.usage.dollars = (state.usage.dollars or 0.0) + float(extra["cost"])
