"""Read a few top-level members of a JSON object without making Python objects of all of it.

A request may be 64 MiB of brackets: parsed whole, it would take gigabytes.
"""

import json
import re

_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_TOKEN = re.compile(_STRING + rb"|[{}\[\]:,]", re.DOTALL)
_SPACE = b" \t\r\n"
_OBJECT = re.compile(rb"[ \t\r\n]*+\{")
_LONGEST = 64 << 10  # bytes of a value that is wanted
_MOST = 1 << 20  # brackets, commas, colons and strings of one body


class Strange(Exception):
    """A body is none that a command line sends, and might mean to its provider what it does not mean here."""


def members(body, wanted):
    """Return {name: (begin, end)} of the wanted members' values.

    :raises Strange: reading it would take the gateway seconds, or one of them is there twice.
    """
    found, depth, name, begin, last = {}, 0, None, 0, None
    for number, token in enumerate(_TOKEN.finditer(body)):
        if number == _MOST:
            raise Strange("this request has more parts than a request to a model can have")
        mark = body[token.start() : token.start() + 1]
        if mark in b"{[":
            depth += 1
        elif mark == b":" and depth == 1:
            name, begin = last, token.end()
        elif depth == 1 and mark in b",}":
            if name in found:  # of two, providers take the first or the last
                raise Strange(f"this request has {name!r} twice")
            if name in wanted:
                found[name] = (begin, token.start())
            name = None
        elif mark == b'"' and depth == 1 and name is None:
            last = _text(token[0]) if token.end() - token.start() < 200 else None
        if mark in b"}]":
            depth -= 1
    return found


def check(body):
    """Refuse a body that is no JSON object in UTF-8: other encodings hide what it asks for.

    :raises Strange: it is none.
    """
    if not _OBJECT.match(body) or b"\0" in body:
        raise Strange("this request is not a JSON object in UTF-8")


def values(body, wanted):
    """Return {name: value} of the wanted members; one that is too long or no JSON is left out."""
    out = {}
    for name, (begin, end) in members(body, wanted).items():
        try:
            out[name] = json.loads(body[begin:end]) if end - begin < _LONGEST else None
        except (ValueError, RecursionError):
            continue
    return out


def with_member(body, name, value):
    """Return the object with one more member, or another value for it; all other bytes stay as they were sent."""
    text = json.dumps(value).encode()
    span = members(body, {name}).get(name)
    if span:
        return b"".join((body[: span[0]], text, body[span[1] :]))
    begin = body.index(b"{") + 1
    empty = body[begin:].lstrip(_SPACE).startswith(b"}")
    return b"".join((body[:begin], json.dumps(name).encode(), b":", text, b"" if empty else b",", body[begin:]))


def _text(token):
    try:
        return json.loads(token)
    except ValueError:
        return None
