"""Read server-sent events from a stream that is cut at any byte."""

_LONGEST = 8 << 20  # bytes of one event; a longer one is passed over


class Events:
    """Collect the data of each event; lines end with LF, CR or CRLF."""

    def __init__(self):
        self._line = bytearray()
        self._data = []
        self._size = 0
        self._after_cr = False

    def feed(self, chunk):
        """Return the data of each event that is complete with this chunk."""
        out = []
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk[1:] if chunk[:1] == b"\n" else chunk
        if chunk.endswith(b"\r"):
            self._after_cr = True  # a LF that follows belongs to it
        lines = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for part in lines[:-1]:
            self._take(part)
            self._end_line(out)
        self._take(lines[-1])
        return out

    def _take(self, part):
        self._size += len(part)
        if self._size <= _LONGEST:
            self._line += part

    def _end_line(self, out):
        line = bytes(self._line)
        self._line.clear()
        if not line:
            if self._data and self._size <= _LONGEST:
                out.append(b"\n".join(self._data))
            self._data.clear()
            self._size = 0
        elif line.startswith(b"data:"):
            self._data.append(line[6:] if line[5:6] == b" " else line[5:])
