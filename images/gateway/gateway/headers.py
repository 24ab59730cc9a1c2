"""Decide which headers pass, and keep the real key out of what comes back."""

_HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
_HOP |= {b"proxy-authenticate", b"proxy-authorization", b"expect", b"alt-svc"}
#: What the gateway writes anew, or what would tell the provider a key that is not one.
_OWN = {b"host", b"content-length", b"accept-encoding", b"authorization", b"x-api-key", b"x-goog-api-key", b"cookie"}


def passed(headers):
    """Return the headers that belong to the message and not to the connection."""
    named = {word.strip().lower() for name, value in headers if name == b"connection" for word in value.split(b",")}
    return [(name, value) for name, value in headers if name not in _HOP | named]


def asked(headers):
    """Return those of a request to a model that its provider gets."""
    return [(name, value) for name, value in passed(headers) if name not in _OWN]


def value_of(headers, name):
    """Return the first value of a header as text; an empty text if it is missing."""
    return next((value.decode("latin-1") for key, value in headers if key == name), "")


def credential(kind, key):
    """Return the header in which a kind of provider expects its key."""
    if kind == "anthropic":
        return b"x-api-key", key.encode()
    if kind == "gemini":
        return b"x-goog-api-key", key.encode()
    return b"authorization", b"Bearer " + key.encode()


class Redactor:
    """Replace the key by asterisks in a stream of bytes, also where it is cut; the length stays what it was."""

    def __init__(self, key):
        self._key = key.encode()
        self._held = b""

    def feed(self, data):
        """Return what may go out now."""
        data = (self._held + data).replace(self._key, b"*" * len(self._key))
        keep = self._beginning(data)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def rest(self):
        """Return what was held back, because it might have been the beginning of the key."""
        held, self._held = self._held, b""
        return held

    def whole(self, data):
        """Redact bytes that are complete."""
        return data.replace(self._key, b"*" * len(self._key))

    def _beginning(self, data):
        """Count the last bytes of `data` that a key begins with."""
        for size in range(min(len(self._key) - 1, len(data)), 0, -1):
            if data.endswith(self._key[:size]):
                return size
        return 0
