"""Keep what the command line prints, as it is, in two packed files of a bounded size: the end of a long run stays."""

import os
import zlib

FOLDER = "/tmp/phaseplan-events"  # known to Phaseplan, which takes it out of the ended container
PACKED, PLAIN = 2_500_000, 16 << 20  # bytes of one file
LONGEST = 4 << 20  # characters of one line; a longer one is counted as missing


class Events:
    """Write lines into `new.gz`; when that is full it becomes `old.gz`, and what `old.gz` held counts as missing.

    Each line is on the disk before the next one is read, because the container may be killed at any time. What goes
    wrong here never stops the agent.
    """

    def __init__(self, folder=FOLDER, packed=PACKED, plain=PLAIN):
        self._folder, self._limits = folder, (packed, plain)
        self._missing, self._old, self._lines = 0, 0, 0
        try:
            os.makedirs(folder, exist_ok=True)
            self._begin()
        except OSError:
            self._file = None

    def add(self, line):
        """Add one line of output."""
        if self._file is None:
            return
        try:
            if len(line) > LONGEST:
                self._lose(1)
                return
            self._write(line.encode("utf-8", "replace"))
        except OSError:  # a full disk
            self._file = None

    def _write(self, data):
        packed = self._packer.compress(data) + self._packer.flush(zlib.Z_SYNC_FLUSH)
        os.write(self._file, packed)
        self._packed, self._plain, self._lines = self._packed + len(packed), self._plain + len(data), self._lines + 1
        if self._packed >= self._limits[0] or self._plain >= self._limits[1]:
            os.close(self._file)
            os.replace(f"{self._folder}/new.gz", f"{self._folder}/old.gz")
            self._lose(self._old)
            self._old = self._lines
            self._begin()

    def _begin(self):
        self._file = os.open(f"{self._folder}/new.gz", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._packer = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._packed, self._plain, self._lines = 0, 0, 0

    def _lose(self, lines):
        if not lines:
            return
        self._missing += lines
        with open(f"{self._folder}/missing.part", "w", encoding="ascii") as file:
            file.write(str(self._missing))
        os.replace(f"{self._folder}/missing.part", f"{self._folder}/missing")
