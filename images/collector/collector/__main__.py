"""python3 -m collector MODE: collect what the task in /collector/in/task.json asks for.

MODE `commits` brings the commits of the agent's HEAD, what it left uncommitted as one more commit, and what its HEAD
does not show as a commit of its own. MODE `files` brings one commit of the files on the base; it
needs no .git in the workspace.

Reads /collector/in/index, the index of the base, and /collector/in/task.json: `base`, `date`, `owned` (the
patterns of the paths that are the branch's), `limits`, and `trees` (where work trees from outside are, by where they
were).

Writes /collector/out/pack, /collector/out/beside, and /collector/out/report, lines of `key<TAB>value`:
`head ID`, the commit to fetch; `agent ID`, the agent's HEAD; `beside ID`, a commit of what the head does not show,
`told TEXT`, its description, `left TEXT`, what is only in the volume, `gone TEXT`, what is lost;
`outside PATH`, a work tree in the agent's container that the task did not bring;
`finding GATE<TAB>FILE<TAB>LIMIT<TAB>ACTUAL<TAB>MESSAGE`; `error TEXT`.
Exit codes: 0 there is a report, 3 the workspace's repository is damaged (try `files`), 4 no space left.
"""

import json
import os
import shutil
import sys

from collector import agent, beside, door, leftover, limits


def pack(name, *how, feed):
    """Write a pack without deltas, so that a worker can measure it before it unpacks anything."""
    with open(f"{door.OUT}/{name}", "wb") as file:
        door.git("pack-objects", "-q", "--stdout", "--window=0", "--no-reuse-delta", "--threads=1", *how,
                 feed=feed, to=file)  # fmt: skip


def revisions(name, new, old):
    """Pack what `new` reaches and `old` does not."""
    feed = "\n".join([new, *(f"^{commit}" for commit in old)]) + "\n"
    pack(name, "--revs", feed=feed.encode())


def commits(task, report):
    """Bring the agent's own commits, what it left uncommitted, and what is beside them."""
    base, bounds = task["base"], task["limits"]
    head = agent.head()
    door.init(borrow=door.AGENTS)
    agent.borrow_history(base, head or base)
    report.say("agent", head or "")
    room = bounds["bytes"]
    if head:
        room = limits.room_after(base, [head], bounds, report.finding)
        if room is None:
            return
    head = head or base
    leftover.unmerged(report)
    door.git("read-tree", head)
    final = leftover.snapshot(head, {**task, "date": limits.date_of(head)}, room, report)
    if final != head and not limits.trees_fit(base, [final], bounds, report.finding):
        return
    if final != base:
        revisions("pack", final, [base])
    report.say("head", final)
    beside_commit = beside.commit(task, final, report)
    if beside_commit:
        revisions("beside", beside_commit, [base, final])
        report.say("beside", beside_commit)


def files(task, report):
    """Bring the files as they are, as one commit on the base."""
    base = task["base"]
    door.init(borrow=None)
    shutil.copyfile(f"{door.HOME}/in/index", door.INDEX)
    final = leftover.snapshot(base, task, task["limits"]["bytes"], report)
    if final != base:
        new = door.git("cat-file", "--batch-all-objects", "--batch-check=%(objectname)")
        pack("pack", feed=new)
    report.say("head", final)


def main():
    """Collect, and always leave a report."""
    shutil.rmtree(door.OUT, ignore_errors=True)
    os.mkdir(door.OUT)
    report, code = door.Report(), 0
    try:
        with open(f"{door.HOME}/in/task.json", encoding="utf-8") as file:
            task = json.load(file)
        (commits if sys.argv[1] == "commits" else files)(task, report)
    except (door.Damaged, OSError, ValueError, RecursionError) as error:
        report.say("error", error)
        code = 4 if "No space left" in str(error) else 3
    report.write()
    return code


if __name__ == "__main__":
    sys.exit(main())
