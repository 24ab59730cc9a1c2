"""Read from an answer what it says of its provider: providers say 400 of a refused key, and 200 before an error."""

import json

_GONE = 402
#: What errors are called, as `type`, `code` or `status`, and the status that goes with it.
_STATUS = {
    "overloaded_error": 529,
    "api_error": 500,
    "server_error": 500,
    "internal_error": 500,
    "internal_server_error": 500,
    "INTERNAL": 500,
    "timeout_error": 504,
    "DEADLINE_EXCEEDED": 504,
    "service_unavailable": 503,
    "UNAVAILABLE": 503,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "RESOURCE_EXHAUSTED": 429,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "UNAUTHENTICATED": 401,
    "permission_error": 403,
    "PERMISSION_DENIED": 403,
    "billing_error": _GONE,
}
#: What Gemini calls a refused key, with a status of 400.
_KEYS = {"API_KEY_INVALID": 401, "API_KEY_EXPIRED": 401, "API_KEY_SERVICE_BLOCKED": 403}
#: Beginnings of what Anthropic says, with a status of 400, of an account that has no money or may use no more.
_ACCOUNT = ("Your credit balance is too low", "You have reached your specified API usage limits",
            "This organization has been disabled")  # fmt: skip


def status_of(status, body):
    """Return the status of an error, or the one that says what a 400 means by it."""
    if status != 400:
        return status
    error = error_in(_json(body))
    if not error:
        return status
    if str(error.get("message")).startswith(_ACCOUNT):
        return _GONE
    return next((_KEYS[reason] for reason in _details(error, "reason") if reason in _KEYS), status)


def delay_in(body):
    """Return the seconds that Gemini asks to wait in the body of an error, as text; empty: it does not."""
    error = error_in(_json(body)) or {}
    return next((text[:-1] for text in _details(error, "retryDelay") if text.endswith("s")), "")


def fault_of(data):
    """Return (status, words) of an error inside an answer that began well; None: there is none."""
    error = error_in(data)
    if error is None and data.get("type") == "error":  # OpenAI responses
        error = data
    if error is None:
        return None
    names = [error.get(name) for name in ("code", "type", "status")]
    known = (name if isinstance(name, int) else _STATUS.get(name) for name in names if isinstance(name, int | str))
    return next((status for status in known if status and 400 <= status < 600), 400), str(error.get("message") or "")


def error_in(data):
    """Return the error that an answer, or one of its events, has in it."""
    for place in (data, data.get("response") if isinstance(data, dict) else None):
        error = place.get("error") if isinstance(place, dict) else None
        if isinstance(error, dict):
            return error
        if error and isinstance(error, str):
            return {"message": error}
    return None


def _details(error, name):
    details = error.get("details")
    for part in details if isinstance(details, list) else ():
        if isinstance(part, dict) and isinstance(part.get(name), str):
            yield part[name]


def _json(body):
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return data[0] if isinstance(data, list) and data else data  # Gemini's, where it would have streamed
