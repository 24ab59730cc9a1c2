"""Print what people should read, one JSON object a line; the worker shows it in the task's log."""

import json

_LONGEST = 500  # characters of text that is not ours


def say(sentence, **more):
    """Print one line."""
    print(json.dumps({"say": sentence, **more}), flush=True)


def plain(text, longest=_LONGEST):
    """Return other people's text without what a terminal would act on, and cut."""
    return "".join(char if char.isprintable() else " " for char in text[: 4 * longest]).strip()[:longest]
