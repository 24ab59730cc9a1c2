"""OpenCode: `opencode run --format json`."""

import json

from agentrunner import talk

PROGRAM = "opencode"


def command(model, endpoint, task):
    """Return its command line, and its configuration in the environment."""
    config = {"permission": "allow", "autoupdate": False, "share": "disabled"}
    if endpoint:
        options = {"baseURL": endpoint, "apiKey": "{env:OPENAI_API_KEY}"}
        models = {model: {"name": model}} if model else {}
        config["provider"] = {"custom": {"npm": "@ai-sdk/openai-compatible", "name": "custom", "options": options,
                                         "models": models}}  # fmt: skip
    if model:
        config["model"] = f"custom/{model}" if endpoint else model
        config["small_model"] = config["model"]
    return [PROGRAM, "run", "--format", "json", task], {"OPENCODE_CONFIG_CONTENT": json.dumps(config)}, ""


def event(data, state):
    """Show one event, and note what it says about the run."""
    part = data.get("part") or {}
    kind = data.get("type")
    if kind == "text":
        state.said(part.get("text", ""))
    elif kind == "tool_use":
        state.answered()
        _tool(part)
    elif kind == "step_finish":
        state.answered()
        _count(part, state.usage)
    elif kind == "error":
        _error(data.get("error") or {}, state)


def _tool(part):
    now = part.get("state") or {}
    given = now.get("input") or {}
    what = given.get("command") or given.get("filePath") or given.get("pattern") or given
    failed = now.get("status") == "error" or bool((now.get("metadata") or {}).get("exit"))
    talk.tool(part.get("tool"), what, failed=failed, output=now.get("error") or now.get("output", ""))


def _count(part, usage):
    tokens = part.get("tokens") or {}
    cached = (tokens.get("cache") or {}).get("read") or 0
    usage.input += (tokens.get("input") or 0) + cached
    usage.cached += cached
    usage.output += (tokens.get("output") or 0) + (tokens.get("reasoning") or 0)
    if part.get("cost"):  # it says 0 where it knows no price
        usage.dollars = (usage.dollars or 0.0) + float(part["cost"])


def _error(error, state):
    data = error.get("data") or {}
    words = str(data.get("message") or error.get("name") or "")
    talk.say(words)
    state.failed = True
    if error.get("name") == "ContextOverflowError":
        state.fault = f"the context is too long for the model: {words}"
    elif error.get("name") == "APIError":
        state.troubled(int(data.get("statusCode") or 0), words)
    else:
        state.fault = words
