"""Measure what an agent committed before any of it is packed: unpacked sizes, and what a tree expands to."""

import re

from collector.door import Damaged, git, text

DATES = re.compile(rb"^(author|committer) .*> (\d+) [+-]\d{4}$", re.MULTILINE)

DEEPEST = 4096  # folders in each other that a base may have


def room_after(base, tips, bounds, finding):
    """Return how many bytes remain of the limit after the commits of `tips`; None if they are beyond a limit."""
    new = text(git("rev-list", f"--max-count={bounds['commits'] + 1}", *tips, "--not", base)).split()
    if len(new) > bounds["commits"]:
        more = f"more than {bounds['commits']}"
        return finding("too many commits to bring back: squash them", "", f"{bounds['commits']} commits", more)
    total = _objects(base, tips, bounds, finding)
    if total is None or not _dates_fit(new, bounds, finding) or not trees_fit(base, new, bounds, finding):
        return None
    return bounds["bytes"] - total


def _objects(base, tips, bounds, finding):
    """Return the unpacked bytes of all new objects; None if they, or one of them, are too large."""
    listed = git("rev-list", "--objects", *tips, "--not", base)
    sizes = text(git("cat-file", "--batch-check=%(objectname) %(objecttype) %(objectsize) %(rest)", feed=listed))
    total, trees, largest, name = 0, 0, 0, ""
    for line in sizes.split("\n")[:-1]:
        parts = line.split(" ", 3)
        if len(parts) < 3 or not parts[2].isdigit():
            raise Damaged(f"an object of the agent's commits is missing: {line[:100]}")
        kind, size = parts[1], int(parts[2])
        if kind == "commit" and size > bounds["message"]:
            message = f"the message of commit {parts[0][:12]} is too long"
            return finding(message, "", f"{bounds['message']} bytes", f"{size} bytes")
        total, trees = total + size, trees + (size if kind == "tree" else 0)
        if kind == "blob" and size > largest:
            largest, name = size, parts[3] if len(parts) > 3 else ""
    if largest > bounds["bytes"]:
        return finding("a committed file is too large to bring back", name, f"{bounds['bytes']} bytes",
                       f"{largest} bytes")  # fmt: skip
    if total > bounds["bytes"]:
        message = "the agent's commits are too large to bring back, unpacked"
        return finding(message, "", f"{bounds['bytes']} bytes", f"{total} bytes")
    if trees > bounds["trees"]:
        message = "the folders of the agent's commits are too large to read"
        return finding(message, "", f"{bounds['trees']} bytes", f"{trees} bytes")
    return total


def objects(kind, ids):
    """Return contents of objects of one kind, by id."""
    data, at, contents = git("cat-file", "--batch", feed="".join(f"{i}\n" for i in ids).encode()), 0, {}
    for oid in ids:
        end = data.index(b"\n", at)
        fields = data[at:end].split()
        if len(fields) != 3 or fields[1] != kind:
            raise Damaged(f"object {oid} is missing, or no {kind.decode()}")
        at = end + 1 + int(fields[2])
        contents[oid] = data[end + 1 : at]
        at += 1
    return contents


def date_of(commit):
    """Return a commit's own date in seconds; no diff is made, which `git show` may prepare even if it shows none."""
    dates = dict(DATES.findall(objects(b"commit", [commit])[commit].split(b"\n\n")[0]))
    return text(dates.get(b"committer", b"0"))


def _dates_fit(new, bounds, finding):
    for start in range(0, len(new), 100):
        for oid, body in objects(b"commit", new[start : start + 100]).items():
            for line in body.split(b"\n\n")[0].split(b"\n"):
                match = DATES.match(line)
                if match and int(match[2]) > bounds["date"]:
                    message = f"the {match[1].decode()} date of commit {oid[:12]} is out of range"
                    finding(message, "", f"{bounds['date']} s since 1970", f"{match[2][:30].decode()} s")
                    return False
    return True


def trees_fit(base, commits, bounds, finding):
    """Say whether every commit's tree, written out, is within the limits on paths, depth and length."""
    commit_bodies = objects(b"commit", [base, *commits])
    roots = {oid: body[5:45].decode() for oid, body in commit_bodies.items()}
    start = roots.pop(base)
    children, measured = {}, {}
    _read({start}, children, DEEPEST)
    _measure(start, children, measured)
    files, depth, length = measured[start]
    most = (
        ("holds too many files", files + bounds["paths"], "files"),
        ("holds a folder that lies too deep", max(bounds["depth"], depth), "levels"),
        ("holds a path that is too long", max(bounds["path"], length), "bytes"),
    )
    deep = max(bounds["depth"], depth)
    if not _read(set(roots.values()), children, deep):
        finding("a folder lies too deep", "", f"{deep} levels", f"more than {deep}")
        return False
    for oid, root in roots.items():
        _measure(root, children, measured)
        for (fault, limit, unit), actual in zip(most, measured[root], strict=True):
            if actual > limit:
                finding(f"commit {oid[:12]} {fault}", "", f"{limit} {unit}", f"{actual} {unit}")
                return False
    return True


def _read(roots, children, levels):
    """Add the entries of all trees below `roots`, each read once; return False if they go on too deep."""
    todo = sorted(roots - children.keys())
    for _ in range(levels + 1):
        if not todo:
            return True
        below = set()
        for start in range(0, len(todo), 1000):
            for oid, body in objects(b"tree", todo[start : start + 1000]).items():
                children[oid] = tuple(_entries(body))
                below.update(child for child, _ in children[oid] if child)
        todo = sorted(below - children.keys())
    return not todo


def _entries(body):
    """Yield (id of a folder or None, length of the name) for each entry of a tree."""
    at = 0
    while at < len(body):
        space, end = body.index(b" ", at), body.index(b"\0", at)
        folder = body[at:space] in (b"40000", b"040000")
        yield (body[end + 1 : end + 21].hex() if folder else None), end - space - 1
        at = end + 21


def _measure(root, children, measured):
    """Measure files, depth and longest path of a tree written out; without recursion, each tree once."""
    todo = [root]
    while todo:
        oid = todo[-1]
        if oid in measured:
            todo.pop()
            continue
        waiting = [child for child, _ in children[oid] if child and child not in measured]
        if waiting:
            todo += waiting
            continue
        todo.pop()
        files, depth, length = 0, 0, 0
        for child, name in children[oid]:
            inside = measured[child] if child else (1, 0, -1)
            files, depth = files + inside[0], max(depth, inside[1] + 1)
            length = max(length, name + 1 + inside[2])
        measured[oid] = (files, depth, length)
