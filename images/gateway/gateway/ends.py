"""Say in words how an answer ended that came whole and was none: refused, or cut off."""

_REFUSED = "the model refused to answer"
_CUT = "its answer was cut off at its limit of length"
_FULL = "the context was full"
#: Types of the events that come last; chat says `[DONE]`, or how each choice has finished.
_LAST = ("message_stop", "response.completed", "response.incomplete", "response.failed", "response.cancelled", "error")
#: What providers call these ends.
_WORDS = {
    "refusal": _REFUSED,
    "content_filter": _REFUSED,
    "SAFETY": _REFUSED,
    "PROHIBITED_CONTENT": _REFUSED,
    "BLOCKLIST": _REFUSED,
    "RECITATION": _REFUSED,
    "SPII": _REFUSED,
    "OTHER": _REFUSED,
    "max_tokens": _CUT,
    "max_output_tokens": _CUT,
    "MAX_TOKENS": _CUT,
    "length": _CUT,
    "model_context_window_exceeded": _FULL,
}


def end_of(data):
    """Return the words for the end that an answer, or one of its events, names; empty: none, or a good one."""
    for name in _named(data):
        if isinstance(name, str) and name in _WORDS:
            return f"{_WORDS[name]} ({name})"
    return ""


def is_last(data):
    """Say whether an event of a stream is one after which nothing is missing."""
    return data.get("type") in _LAST or bool(data.get("error")) or any(_named(data))


def _named(data):
    """Yield what may be the name of an end."""
    for place in (data, data.get("message"), data.get("delta")):  # Anthropic
        yield _member(place, "stop_reason")
    for part in ("choices", "candidates"):  # OpenAI chat, Gemini
        found = data.get(part)
        for choice in found if isinstance(found, list) else ():
            yield _member(choice, "finish_reason") or _member(choice, "finishReason")
    yield _member(data.get("promptFeedback"), "blockReason")
    for place in (data, data.get("response")):  # OpenAI responses
        yield _member(_member(place, "incomplete_details"), "reason")


def _member(data, name):
    return data.get(name) if isinstance(data, dict) else None
