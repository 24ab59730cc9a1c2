"""Unpack an answer that came packed, unasked: neither tokens nor the key could be found in it otherwise."""

import zlib

from gateway.talk import plain

_PIECE = 64 << 10  # bytes unpacked at once: a small answer may be a large one
_ANY, _BARE = 47, -15  # what zlib calls gzip or zlib by their heads, and deflate without one


class Unreadable(Exception):
    """An answer is packed in a way that is not known here, or damaged."""


class Plain:
    """Pass an answer that is not packed."""

    packed, fault = False, ""

    def feed(self, data):
        """Yield the data."""
        yield bytes(data)


class Unknown:
    """Yield nothing of an answer in another encoding."""

    packed = True

    def __init__(self, coding):
        self.fault = f"it is in the encoding {plain(coding, 40)}, which was not asked for"

    def feed(self, data):
        """Yield nothing."""
        yield from ()


class Packed:
    """Unpack gzip and deflate, piece by piece."""

    packed, fault = True, ""

    def __init__(self):
        self._known = False  # how it is packed
        self._head = b""  # bytes that were taken before it is
        self._zlib = zlib.decompressobj(_ANY)

    def feed(self, data):
        """Yield what these bytes unpack to.

        :raises Unreadable: they are not what they are called.
        """
        data = bytes(data)
        while True:
            piece = self._unpack(data)
            if piece:
                yield piece
            if self._zlib.eof:
                data, self._zlib = self._zlib.unused_data, zlib.decompressobj(_ANY)  # another part may follow
                if not data:
                    return
            else:
                data = self._zlib.unconsumed_tail
                if not data and len(piece) < _PIECE:
                    return

    def _unpack(self, data):
        try:
            piece = self._zlib.decompress(data, _PIECE)
        except zlib.error:
            if self._known:
                raise Unreadable("its packed answer is damaged") from None
            self._zlib, self._known = zlib.decompressobj(_BARE), True
            return self._unpack(self._head + data)
        self._head += data
        self._known = self._known or len(self._head) > 1  # both heads are told by two bytes
        if self._known:
            self._head = b""
        return piece


def decoder(coding):
    """Return what unpacks an answer of this content-encoding."""
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return Plain()
    if coding in ("gzip", "x-gzip", "deflate"):
        return Packed()
    return Unknown(coding)
