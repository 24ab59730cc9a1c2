"""Codex: `codex exec --json`."""

import json
import re

from agentrunner import talk

PROGRAM = "codex"
_STATUS = re.compile(r"status:? (\d{3})\b")
_CONNECTION = re.compile(r"stream disconnected|error sending request|connection|timed out|dns error", re.I)
_AGAIN = re.compile(r"^Reconnecting\.\.\. [^(]*\((.*)\)$")
_CONTEXT = re.compile(r"context window|context length|maximum context", re.I)


def command(model, endpoint, task):
    """Return its command line, with the task on stdin. Its own sandbox needs rights that no agent has."""
    line = [PROGRAM, "exec", "--json", "--dangerously-bypass-approvals-and-sandbox", "--skip-git-repo-check"]
    if model:
        line += ["-c", f"model={json.dumps(model)}"]
    if endpoint:
        given = f'name="custom",base_url={json.dumps(endpoint)},env_key="OPENAI_API_KEY",wire_api="responses"'
        line += ["-c", "model_provider=custom", "-c", f"model_providers.custom={{{given}}}"]
    else:
        given = 'name="OpenAI",env_key="OPENAI_API_KEY",wire_api="responses",base_url="https://api.openai.com/v1"'
        line += ["-c", "model_provider=key", "-c", f"model_providers.key={{{given}}}"]
    return [*line, "-"], {}, task


def event(data, state):
    """Show one event, and note what it says about the run."""
    kind = data.get("type")
    if kind == "item.completed":
        _item(data.get("item") or {}, state)
    elif kind == "turn.completed":
        usage = data.get("usage") or {}
        state.answered()
        state.usage.input += usage.get("input_tokens") or 0
        state.usage.cached += usage.get("cached_input_tokens") or 0
        state.usage.output += usage.get("output_tokens") or 0
    elif kind == "turn.failed":
        _trouble(str((data.get("error") or {}).get("message") or ""), state, last=True)
    elif kind == "error":
        _trouble(str(data.get("message") or ""), state)


def _item(item, state):
    kind = item.get("type")
    if kind == "agent_message":
        state.said(item.get("text", ""))
    elif kind == "command_execution":
        state.answered()
        code = item.get("exit_code")
        talk.tool("shell", item.get("command"), failed=bool(code), output=item.get("aggregated_output", ""))
    elif kind == "file_change":
        state.answered()
        talk.tool("edit", ", ".join(str(change.get("path")) for change in item.get("changes") or []))
    elif kind == "error":
        talk.say(item.get("message", ""))


def _trouble(words, state, last=False):
    talk.say(words)
    words = _AGAIN.sub(r"\1", words)
    status = _STATUS.search(words)
    if _CONTEXT.search(words):
        state.fault = f"the context is too long for the model: {words}"
    elif status:
        state.troubled(int(status[1]), words)
    elif _CONNECTION.search(words):
        state.troubled(0, words)
    elif last and not state.trouble:
        state.fault = words
    state.failed = state.failed or last
