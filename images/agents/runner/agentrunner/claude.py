"""Claude Code: `claude -p --output-format stream-json`."""

import os

from agentrunner import talk

PROGRAM = "claude"


def command(model, endpoint, task):
    """Return its command line, with the task on stdin, and the environment it needs."""
    line = [PROGRAM, "-p", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions"]
    environment = {"DISABLE_AUTOUPDATER": "1", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    if model:
        line += ["--model", model]
        # Helpers ask a model of their own, which a provider under another name may not have.
        environment |= {"ANTHROPIC_DEFAULT_HAIKU_MODEL": os.environ.get("ANTHROPIC_DEFAULT_HAIKU_MODEL", model)}
    if endpoint:
        environment["ANTHROPIC_BASE_URL"] = endpoint
    return line, environment, task


def event(data, state):
    """Show one event, and note what it says about the run."""
    kind = data.get("type")
    if kind == "system":
        _system(data, state)
    elif kind == "assistant":
        _assistant(data.get("message") or {}, state)
    elif kind == "user":
        _results(data.get("message") or {})
    elif kind == "result":
        _result(data, state)


def _system(data, state):
    if data.get("subtype") == "init":
        state.version = str(data.get("claude_code_version", ""))
        talk.say(f"Claude Code {state.version}, model {data.get('model')}")
    elif data.get("subtype") == "api_retry":
        status = data.get("error_status") or 0
        state.troubled(status, str(data.get("error") or ""))
        talk.say(f"The provider did not answer ({status or 'no connection'} {data.get('error')}); "
                 f"retry {data.get('attempt')} of {data.get('max_retries')}.")  # fmt: skip


def _assistant(message, state):
    if message.get("model") == "<synthetic>":  # the command line's own words, about an error
        return
    state.answered()
    for block in message.get("content") or []:
        if block.get("type") == "text":
            state.said(block.get("text", ""))
        elif block.get("type") == "tool_use":
            given = block.get("input") or {}
            what = given.get("command") or given.get("file_path") or given.get("pattern") or given.get("url") or given
            talk.tool(block.get("name"), what)


def _results(message):
    content = message.get("content")
    for block in content if isinstance(content, list) else []:
        if block.get("type") == "tool_result" and block.get("is_error"):
            talk.tool("that failed", "", failed=True, output=block.get("content"))


def _result(data, state):
    usage, tally = data.get("usage") or {}, state.usage
    tally.cached = usage.get("cache_read_input_tokens") or 0
    tally.input = (usage.get("input_tokens") or 0) + (usage.get("cache_creation_input_tokens") or 0) + tally.cached
    tally.output = usage.get("output_tokens") or 0
    tally.dollars = data.get("total_cost_usd")
    state.failed = bool(data.get("is_error"))
    if not state.failed:
        return
    words, status = talk.cut(data.get("result") or data.get("subtype") or ""), data.get("api_error_status")
    if data.get("terminal_reason") == "prompt_too_long":
        state.fault = f"the context is too long for the model: {words}"
    elif status or state.trouble:
        state.troubled(status or state.status or 0, words)
    else:
        state.fault = words
