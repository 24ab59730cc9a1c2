"""Know the endpoints of the four protocols that pass, and what a call to one asks for."""

import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from gateway import members

_MODEL = r"[\w.@:+-]+(?:/[\w.@:+-]+)*"
_ROUTES = (
    ("POST", re.compile(r"/v1/messages"), "anthropic", True),
    ("POST", re.compile(r"/v1/messages/count_tokens"), "anthropic", False),
    ("POST", re.compile(r"/v1/chat/completions"), "chat", True),
    ("POST", re.compile(r"/v1/responses(?:/compact)?"), "responses", True),
    ("POST", re.compile(r"/v1/responses/input_tokens"), "responses", False),
    ("POST", re.compile(rf"/v1(?:beta)?/models/({_MODEL}):(?:streamG|g)enerateContent"), "gemini", True),
    ("POST", re.compile(rf"/v1(?:beta)?/models/({_MODEL}):countTokens"), "gemini", False),
    ("GET", re.compile(rf"/v1(?:beta)?/models(?:/{_MODEL})?"), "", False),
)
_PREFIX = {"anthropic": "/v1/messages", "gemini": "/v1beta/"}
_LIMITS = {"anthropic": ("max_tokens",), "chat": ("max_completion_tokens", "max_tokens"),
           "responses": ("max_output_tokens",)}  # fmt: skip
_WANTED = {"model", "stream", "stream_options", "background", "generationConfig", "n"}
_WANTED |= {name for names in _LIMITS.values() for name in names}
USUAL = 4096  # tokens of an answer to a request that sets no limit


@dataclass(frozen=True)
class Route:
    """An endpoint, and how it is asked.

    :param protocol: anthropic, chat, responses or gemini; empty where it does not matter.
    :param metered: its answers cost tokens.
    :param model: that the path names.
    :param query: without the agent's key.
    """

    path: str
    protocol: str
    metered: bool
    model: str
    query: str
    key: str  # of the query

    @property
    def target(self):
        """Return the path with its query, as the provider gets it."""
        return self.path + (f"?{self.query}" if self.query else "")


@dataclass(frozen=True)
class Wish:
    """A request's model and limits, and its body as it goes on.

    :param most: tokens that its answer may have.
    :param body: with the request for usage in it that some protocols need.
    :param fault: why it cannot be let through.
    """

    model: str
    most: int
    body: bytes
    fault: str = ""


def route_of(method, target):
    """Return the route of a request; None if there is no such endpoint."""
    path, _, query = target.partition("?")
    for known, pattern, protocol, metered in _ROUTES:
        if known == method and (match := pattern.fullmatch(path)) and "/../" not in f"{path}/":
            pairs = parse_qsl(query, keep_blank_values=True)
            key = next((value for name, value in pairs if name == "key"), "")
            rest = urlencode([(name, value) for name, value in pairs if name != "key"])
            return Route(path, protocol, metered, match[1] if match.groups() else "", rest, key)
    return None


def protocol_of(path, kind):
    """Return in whose shape an error about a path is told."""
    named = next((name for name, prefix in _PREFIX.items() if path.startswith(prefix)), "")
    return named or (kind if path.startswith("/v1/models") or kind == "anthropic" else "chat")


def wish_of(route, body):
    """Read what a request asks for."""
    try:
        return _wish(route, body)
    except members.Strange as error:
        return Wish("", 0, body, str(error))


def _wish(route, body):
    if body or route.metered:
        members.check(body)
    values = members.values(body, _WANTED)
    model = route.model or str(values.get("model") or "")
    if values.get("background"):  # its answer says nothing of what it will cost
        return Wish(model, 0, body, "a response in the background cannot be counted: ask without `background`")
    if route.protocol == "chat" and values.get("stream"):
        options = values.get("stream_options")
        options = options if isinstance(options, dict) else {}
        if options.get("include_usage") is not True:
            body = members.with_member(body, "stream_options", {**options, "include_usage": True})
    config = values.get("generationConfig")
    limits = [values.get(name) for name in _LIMITS.get(route.protocol, ())]
    config = config if isinstance(config, dict) else {}
    limits += [config.get("maxOutputTokens")]
    most = next((limit for limit in limits if isinstance(limit, int) and limit > 0), USUAL)
    answers = values.get("n") if route.protocol == "chat" else config.get("candidateCount")
    return Wish(model, most * (answers if isinstance(answers, int) and answers > 1 else 1), body)


def error_body(protocol, status, kind, sentence):
    """Return an error in the shape of a protocol."""
    if protocol == "anthropic":
        data = {"type": "error", "error": {"type": kind, "message": sentence}}
    elif protocol == "gemini":
        data = {"error": {"code": status, "message": sentence, "status": kind}}
    else:
        data = {"error": {"message": sentence, "type": kind, "code": kind, "param": None}}
    return json.dumps(data).encode()
