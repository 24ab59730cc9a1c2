"""Read from a provider's answer how many tokens it took."""

import json
from dataclasses import dataclass

from gateway.ends import end_of, is_last
from gateway.faults import fault_of
from gateway.sse import Events

_LARGEST = 8 << 20  # bytes of an answer that is kept to be read
_WORDS = {"text", "partial_json", "thinking", "content", "arguments", "delta", "reasoning_content"}
_PER_TOKEN = 4  # bytes of text, roughly, where the provider has not said how many tokens it was


@dataclass(frozen=True)
class Usage:
    """Tokens of one call, or of several.

    :param input: all that was read, with `cached` and `written`.
    :param cached: read from the provider's cache.
    :param written: put into the provider's cache.
    """

    input: int = 0
    output: int = 0
    cached: int = 0
    written: int = 0


def estimated(size):
    """Return how many tokens a text of so many bytes may be."""
    return -(-size // _PER_TOKEN)


class Meter:
    """Read along with an answer.

    :param protocol: of the endpoint that was asked.
    :param asked: bytes of the request, for an answer that does not come to its `usage`.
    """

    def __init__(self, protocol, content_type, asked):
        self._protocol, self._asked = protocol, asked
        kind = content_type.strip().lower()
        self._events = Events() if kind.startswith("text/event-stream") else None
        self._page = kind.startswith("text/html")
        self._body = bytearray()
        self._size = self._words = 0
        self._seen = {}
        self.model = ""  # as the provider calls it
        self.end = ""  # in words, where it is not a good one
        self.fault = None  # status and words of an error in it
        self._ended = False  # its last event has come

    def feed(self, data):
        """Read the next bytes of the answer."""
        self._size += len(data)
        if self._events is None:
            if self._size <= _LARGEST:
                self._body += data
            return
        for event in self._events.feed(data):
            if event == b"[DONE]":
                self._ended = True
            else:
                self._read(event)

    def usage(self, whole):
        """Return the tokens: the provider's own figures, or an estimate of what it did not come to say.

        :param whole: the answer has come to its end.
        """
        if self._events is not None:
            self.feed(b"\n\n")  # a last event without its empty line
        elif self._size <= _LARGEST:
            self._read(bytes(self._body))
        counted = _figures(self._protocol, self._seen)
        if self._page and not counted:  # of whatever stands between
            self.fault = (502, "a page of HTML in the place of an answer")
        if self._events is not None and whole and not (self._ended or self.fault or self._protocol == "gemini"):
            self.fault = (502, "its stream ended before its last event")  # of whatever stands between
        if counted and whole:
            return counted
        output = estimated(self._words or (0 if self._events else self._size))
        counted = counted or Usage(input=estimated(self._asked))
        return Usage(counted.input, max(counted.output, output), counted.cached, counted.written)

    def _read(self, text):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            return
        for part in data if isinstance(data, list) else [data]:  # Gemini streams a list where nobody asks for events
            if isinstance(part, dict):
                self._seen |= _said(part)
                self.model = self.model or _model(part)
                self.end = self.end or end_of(part)
                self.fault = self.fault or fault_of(part)
                self._ended = self._ended or is_last(part)
                if self._events and (self._protocol != "responses" or "delta" in part):  # later ones repeat the words
                    self._words += _length(part)


def _said(data):
    """Return the `usage` of an answer, or of one of its events."""
    choices = data.get("choices")  # where Moonshot has it
    first = choices[0] if isinstance(choices, list) and choices else None
    for place in (data, data.get("message"), data.get("response"), data.get("x_groq"), first):
        if isinstance(place, dict):
            found = place.get("usage") or place.get("usageMetadata")
            if isinstance(found, dict):
                return {name: value for name, value in found.items() if value is not None}
    return {}


def _model(data):
    """Return the model that an answer names."""
    for place in (data, data.get("message"), data.get("response")):
        name = isinstance(place, dict) and (place.get("model") or place.get("modelVersion"))
        if isinstance(name, str):
            return name
    return ""


def _length(value, wanted=False, depth=0):
    """Count the bytes of the texts in an event that are a model's words."""
    if isinstance(value, str):
        return len(value.encode("utf-8", "replace")) if wanted else 0
    if depth > 20 or not isinstance(value, dict | list):
        return 0
    pairs = value.items() if isinstance(value, dict) else ((None, item) for item in value)
    return sum(_length(item, name in _WORDS or (name is None and wanted), depth + 1) for name, item in pairs)


def _figures(protocol, seen):
    if not seen:
        return None
    if protocol == "anthropic":
        cached, written = _number(seen, "cache_read_input_tokens"), _number(seen, "cache_creation_input_tokens")
        return Usage(_number(seen, "input_tokens") + cached + written, _number(seen, "output_tokens"), cached, written)
    if protocol == "gemini":
        read = _number(seen, "promptTokenCount") + _number(seen, "toolUsePromptTokenCount")
        made = _number(seen, "candidatesTokenCount") + _number(seen, "thoughtsTokenCount")
        return Usage(read, made, min(read, _number(seen, "cachedContentTokenCount")))
    read, made = ("prompt", "completion") if protocol == "chat" else ("input", "output")
    details = seen.get(f"{read}_tokens_details")
    cached = _number(details if isinstance(details, dict) else {}, "cached_tokens")
    cached = cached or _number(seen, "prompt_cache_hit_tokens")  # as DeepSeek calls them
    total = _number(seen, f"{read}_tokens")
    return Usage(total, _number(seen, f"{made}_tokens"), min(cached, total))


def _number(data, name):
    value = data.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0
