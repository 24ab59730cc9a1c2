"""Read the errors of litellm, by which several agents ask their model, in what they print."""

import re

_ERROR = re.compile(r"litellm\.(?:exceptions\.)?(\w*Error|Timeout)\b")
_STATUS = {
    "AuthenticationError": 401,
    "PermissionDeniedError": 403,
    "RateLimitError": 429,
    "InternalServerError": 500,
    "BadGatewayError": 502,
    "ServiceUnavailableError": 503,
    "APIConnectionError": 0,
    "Timeout": 0,
}
_CONTEXT = re.compile(r"context window|context length|context_length|prompt is too long|maximum context", re.I)


def line(text, state):
    """Note an error of the provider, or of the request, if the line tells of one; whether it does."""
    found = _ERROR.search(text)
    if found is None:
        return False
    if found[1] == "ContextWindowExceededError" or _CONTEXT.search(text):
        state.fault = f"the context is too long for the model: {text.strip()}"
    elif found[1] in _STATUS:
        state.troubled(_STATUS[found[1]], text.strip())
    elif not state.trouble:
        state.fault = text.strip()
    return True
