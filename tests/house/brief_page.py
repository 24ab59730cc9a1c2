"""Make `docs/brief.md` from the code, and real files: `python -m tests.house.brief_page > docs/brief.md`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import yaml

from phaseplan.attempt import brief
from phaseplan.plan.model import PhasePlan
from phaseplan.repository.objects import commit
from phaseplan.repository.repo import GitRepo
from tests.house.sources import TOP

_SAMPLE = TOP / "samples/kcp-lite"
_BRANCH = "5.2.1"
_HEAD = """\
# What an agent is told

Each agent finds its task in `/phaseplan/task.md`, in words, and in `/phaseplan/task.json`, for programs (the
[container contract](design/container.md)). It holds what the branch needs and no more:

- what to build: the branch's title and its `brief` in the plan;
- what it may change, what is generated, and that nothing else will pass;
- how much it may add, what must occur, and the commands that will judge it, with where they run;
- what its dependencies have brought: their files, and the public declarations among the lines they added, without
  tests (at most 40 a dependency; of Go, Python, TypeScript, JavaScript, Java, C#, Kotlin, Scala, Rust, Ruby, PHP,
  Swift, Elixir, C and C++ headers, protobuf, GraphQL and SQL);
- conflicts that are to be expected, and, after a failed attempt, each finding against it;
- the file of conventions that the plan names, as the phase's base has it;
- how to say that something of another branch is missing.

Below, word for word, is the brief of branch {branch} of the sample plan `include/plans/phase-05.yaml` at its first
attempt, once its dependencies have passed.

"""


def markdown() -> str:
    """Return the page: what a brief holds, and that of one branch of Phase 5."""
    plan = PhasePlan.model_validate(yaml.safe_load((TOP / "include/plans/phase-05.yaml").read_text()))
    with tempfile.TemporaryDirectory() as folder:
        repo = GitRepo.init(Path(folder) / "sample.git")
        work = Path(folder) / "work"
        base = _committed(repo, work, [], plan)
        heads = [(d, base, _committed(repo, work, [d], plan)) for d in plan.by_id[_BRANCH].depends_on]
        told = brief.task(
            plan,
            plan.by_id[_BRANCH],
            attempt=1,
            base=base,
            dependencies=brief.interfaces(repo, plan, heads),
            conventions=brief.conventions(repo, plan, base),
        )
    words = "".join(f"    {line}".rstrip() + "\n" for line in brief.markdown(told).splitlines())
    return _HEAD.format(branch=_BRANCH) + words


def _committed(repo: GitRepo, work: Path, branches: list[str], plan: PhasePlan) -> str:
    """Commit the sample repository with what the sample agent writes for some branches."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(_SAMPLE / "repository", work)
    sys.path.insert(0, str(_SAMPLE / "agent"))
    try:
        known, agent = import_module("kcpagent.branches"), import_module("kcpagent.work")
    finally:
        sys.path.pop(0)
    for branch in branches:
        agent.write(known.BRANCHES[branch], work, plan.by_id[branch].agent_label or "")
    env = {"GIT_WORK_TREE": str(work), "GIT_INDEX_FILE": str(repo.path / "page-index")}
    repo.run("add", "-A", env=env)
    tree = repo.run("write-tree", env=env).out.strip()
    return commit(repo, tree, [], "files\n", 0)


if __name__ == "__main__":
    print(markdown(), end="")
