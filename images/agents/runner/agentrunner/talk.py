"""Write what happens to the log: short lines, of which the last says how it ended."""

MOST = 2000  # characters of one piece of text that are shown


def say(text):
    """Print text, line by line, at once."""
    for line in cut(text).splitlines() or [""]:
        print(line, flush=True)


def cut(text):
    """Shorten text to what a log needs, and say by how much."""
    text = str(text).rstrip()
    return text if len(text) <= MOST else f"{text[:MOST]} [... {len(text) - MOST} more characters]"


def tool(name, what, failed=False, output=""):
    """Show one call of a tool: its command or file, and what came of it where it failed."""
    say(f"{'✗' if failed else '•'} {name}: {' '.join(str(what).split())}")
    if failed and str(output).strip():
        say(str(output))
