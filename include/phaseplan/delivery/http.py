"""Ask a forge over HTTP: one host, verified certificates, no redirect, and every bad answer in words."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from phaseplan.delivery.errors import ForgeAway, ForgeRefuses
from phaseplan.text.cutting import cut

_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_MOST_BYTES = 8 << 20  # of one answer
_PAGES = 20
_SLOW = (408, 425, 429)
#: What a person does about an answer.
_STEPS = {
    401: "the token is unknown or has expired. Next: put a new one into the password of the connection",
    403: "the token may not do this. Next: give it the right to read the repository and to write pull requests",
    404: "there is no such thing, or the token may not see it. Next: compare `project` (or the target's URL) with the "
    "forge, and let the token see that repository",
}


@dataclass(frozen=True)
class Answer:
    """Hold what a forge answered: JSON, and whether more pages follow."""

    data: Any
    more: bool = False


class Client:
    """Send requests below one address with one token, which goes nowhere else.

    :param root: address that all paths are below.
    :param who: the connection's name, for messages.
    :param headers: with the token.
    """

    def __init__(self, root: str, who: str, headers: Mapping[str, str], secret: str) -> None:
        self.root, self._who, self._secret = root.rstrip("/"), who, secret
        self._headers = {"User-Agent": "phaseplan", "Accept": "application/json", **headers}

    def get(self, path: str, **query: str | int) -> Any:
        """Return what is at a path."""
        return self._send("GET", path, query=query).data

    def find(self, path: str) -> Any:
        """Return what is at a path; None: there is no such thing, or the token may not see it."""
        try:
            return self.get(path)
        except ForgeRefuses as error:
            if error.status != 404:
                raise
            return None

    def pages(self, path: str, **query: str | int) -> Iterator[Any]:
        """Yield the entries of a list, page after page; no address of an answer is followed."""
        for page in range(1, _PAGES + 1):
            answer = self._send("GET", path, query={**query, "page": page})
            yield from answer.data if isinstance(answer.data, list) else ()
            if not answer.more:
                return

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Send a body as JSON; return the answer."""
        return self._send(method, path, body=body).data

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        try:
            with (
                httpx.Client(headers=self._headers, timeout=_TIMEOUT, follow_redirects=False) as client,
                client.stream(method, f"{self.root}{path}", params=query, json=body) as response,
            ):
                data = self._read(response)
        except httpx.InvalidURL:
            raise ForgeRefuses(f"the forge of connection `{self._who}` has no usable address: {self.root}") from None
        except httpx.HTTPError as error:
            raise self._silent(error) from None
        if response.is_success:
            more = 'rel="next"' in response.headers.get("link", "")
            return Answer(self._parsed(data, f"{method} {path}"), more)
        raise self._bad(response, data, f"{method} {path}")

    def _silent(self, error: httpx.HTTPError) -> ForgeAway | ForgeRefuses:
        """Put into words that there was no answer; a certificate that is not trusted stays so."""
        words = cut(str(error).replace(self._secret, "***"), 200)
        if "CERTIFICATE_VERIFY_FAILED" in words:
            step = "Next: let SSL_CERT_FILE name a file with the authority that made it"
            return ForgeRefuses(f"the certificate of {self._name} is not trusted: {words}. {step}")
        return ForgeAway(f"{self._name} does not answer: {type(error).__name__}: {words}")

    def _read(self, response: httpx.Response) -> bytes:
        data = bytearray()
        for chunk in response.iter_bytes():
            data += chunk
            if len(data) > _MOST_BYTES:
                raise ForgeAway(f"{self._name} answered with more than {_MOST_BYTES >> 20} MB")
        return bytes(data)

    def _parsed(self, data: bytes, what: str) -> Any:
        try:
            return json.loads(data) if data else None
        except ValueError:
            text = f"{self._name} answered {what} with something that is no JSON. Next: see whether the connection's "
            raise ForgeRefuses(text + "host is the forge's own address, and not that of a login page") from None

    def _bad(self, response: httpx.Response, data: bytes, what: str) -> ForgeAway | ForgeRefuses:
        """Put a bad answer into words."""
        status, words = response.status_code, cut(_words(data).replace(self._secret, "***"), 500)
        name = f"{self._name} answered {what} with {status}"
        wait = _asked(response.headers)
        limited = status == 403 and (wait is not None or response.headers.get("x-ratelimit-remaining") == "0")
        if status in _SLOW or limited:
            until = f", and asks to wait {wait:.0f} s" if wait else ""
            return ForgeAway(f"{name}: too many requests{until}", wait)
        if status >= 500:
            return ForgeAway(f"{name}: {words}", wait)
        if response.is_redirect:
            text = "it has moved. Next: write its new address into the connection, or its new name into `project`"
            return ForgeRefuses(f"{name}: {text}", status)
        step = _STEPS.get(status, "Next: mend what it says")
        return ForgeRefuses(f"{name}: {words}; {step}" if words else f"{name}: {step}", status)

    @property
    def _name(self) -> str:
        return f"the forge at {httpx.URL(self.root).host} (connection `{self._who}`)"


def _words(data: bytes) -> str:
    """Return what an error says, in the shapes that forges use."""
    try:
        value = json.loads(data)
    except ValueError:
        return ""
    if not isinstance(value, dict):
        return ""
    parts = [value.get("message"), value.get("error"), value.get("error_description"), *_listed(value.get("errors"))]
    return "; ".join(_flat(part) for part in parts if part)


def _listed(errors: Any) -> list[Any]:
    return [e.get("message", e) if isinstance(e, dict) else e for e in errors] if isinstance(errors, list) else []


def _flat(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_flat, value))
    return value if isinstance(value, str) else json.dumps(value)


def _asked(headers: httpx.Headers) -> float | None:
    """Return the seconds that an answer asks to wait."""
    text = headers.get("retry-after", "")
    if text.isdigit():
        return float(text)
    try:
        if text:
            return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
        if headers.get("x-ratelimit-remaining") == "0":
            return max(0.0, float(headers.get("x-ratelimit-reset", "")) - time.time())
    except ValueError:
        pass
    return None
