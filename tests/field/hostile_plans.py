"""Random plans whose names, numbers and texts are as strange as a plan file can hold them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

_PIECES = [
    *"ab-._+#'%&@!=,;$()<>|\"`é/",
    *(
        "{{x}}",
        "{%raw%}",
        "{#",
        "größe",
        "日本",
        "e\u0301",
        "🚀",
        "\U0001d400",
        "²",
        "\u202e",
        "\u00a0",
        "v1.2",
        "-v2",
        "x.md",
    ),
    *("p5w1-", "HEAD", "main", "integration/phase-3", "phaseplan/", "long" * 40),
]
_REFUSED = ["~", "^", " ", "..", ".lock", "refs/heads/", "\\", "@{", "//"]
_WORD = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=4).map("".join)
_TEXT = st.lists(st.sampled_from([*_PIECES, *_REFUSED]), min_size=1, max_size=6).map("".join)
_NAME = st.builds("{}x{}".format, st.sampled_from(["feature/", "feature/p5w1-", "", "Feature/", "fix/"]), _WORD) | _TEXT
_ID = st.builds(
    "{}{}".format, st.sampled_from(["1", "2.1", "a", "A"]), st.sampled_from(["", ".1", "-1", "_a", "x" * 60])
)
_NUMBER = st.integers(0, 99) | st.sampled_from([7, 42, 1000, 999_999, 2**63, 10**30])
_SMALL = st.integers(0, 9) | st.sampled_from([10, 11, 12, 999_999, 10**30])
_TITLE = _TEXT | st.text(max_size=20) | st.sampled_from(["", "x" * 3000, "{{ ds }}", "{% include '/etc/passwd' %}"])


@st.composite
def hostile_plan(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the data of one plan file. Many are refused by lint; all others must become a DAG."""
    ids = draw(st.lists(_ID, min_size=1, max_size=6, unique=True))
    cuts = draw(st.integers(1, len(ids)))
    waves: list[dict[str, Any]] = []
    numbers = sorted(draw(st.sets(_SMALL, min_size=2, max_size=2)))
    for number, members in zip(numbers, (ids[:cuts], ids[cuts:]), strict=True):
        branches = [_branch(draw, name, ids[: ids.index(name)]) for name in members]
        if branches:
            waves.append({"wave": number, "title": draw(_TITLE), "branches": branches})
    plan: dict[str, Any] = {"phase": draw(_NUMBER), "title": draw(_TITLE), "agent": "a", "waves": waves}
    if draw(st.booleans()):
        plan["base"] = draw(_NAME)
    if draw(st.booleans()):
        plan["depends_on"] = draw(st.lists(_NUMBER, max_size=3))
    if draw(st.booleans()):
        plan["schedule"] = draw(
            st.sampled_from(["0 2 * * *", "@daily", "@annually", "@quarterly", "none", "* * * * * *"])
        )
    if draw(st.booleans()):
        plan["max_parallel_agents"] = draw(_NUMBER)
    if draw(st.booleans()):
        plan["repository"] = draw(st.sampled_from(["/srv/x.git", "{{ x }}", "https://host/x.git", "x.md"]))
    return plan


def _branch(draw: st.DrawFn, name: str, earlier: list[str]) -> dict[str, Any]:
    needs = draw(st.lists(st.sampled_from(earlier), max_size=2, unique=True)) if earlier else []
    return {"id": name, "branch": draw(_NAME), "title": draw(_TITLE), "owns": [f"/{name}/"], "depends_on": needs}
