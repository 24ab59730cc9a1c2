"""Keep one line of each call in calls.jsonl, at most so many bytes; never what was asked or answered."""

import json
import os
import time

_LAST = 64  # bytes that the line about missing ones may take


class Record:
    """The file. It goes on from that of a gateway that was killed."""

    def __init__(self, folder, limit):
        self._limit = limit
        path = f"{folder}/record/calls.jsonl"
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        self._size, self._missing = self._tail(os.fstat(self._file).st_size)

    def _tail(self, size):
        """Return (bytes of the lines of calls, missing calls)."""
        end = os.pread(self._file, _LAST, max(0, size - _LAST))
        last = end[end.rstrip(b"\n").rfind(b"\n") + 1 :]
        if last.startswith(b'{"missing": '):
            return size - len(last), json.loads(last)["missing"]
        return size, 0

    def call(self, began, path, model, status, first, usage, whole):
        """Write one call.

        :param began: seconds, of the monotonic clock.
        :param first: the same, of the answer's first byte; None if none came.
        """
        now = time.monotonic()
        tokens = {"input": usage.input, "output": usage.output, "cached": usage.cached} if usage else None
        line = {"at": round(time.time() - (now - began), 3), "path": path[:200], "model": model[:100],
                "status": status, "first_ms": None if first is None else round((first - began) * 1000),
                "total_ms": round((now - began) * 1000), "tokens": tokens, "whole": whole}  # fmt: skip
        data = json.dumps(line).encode() + b"\n"
        if self._missing or self._size + len(data) > self._limit - _LAST:
            self._missing += 1
            data = json.dumps({"missing": self._missing}).encode() + b"\n"
            os.pwrite(self._file, data, self._size)
            return
        os.pwrite(self._file, data, self._size)
        self._size += len(data)
