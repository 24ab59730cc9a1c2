"""Whatever a file holds, reading it gives data or diagnostics, and never raises."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phaseplan.forecast.analysis import analyse
from phaseplan.plan.campaign import load_campaign
from phaseplan.plan.lint.diagnostics import Diagnostic
from phaseplan.plan.yaml.load import MAX_BYTES, decode, load, parse

JUNK = st.sampled_from(
    [None, True, 0, -1, 10**19, 0.5, "", "x", "5.1.1", "..", "a" * 300, [], {}, [[]], [{}], {"x": 1}]
)
INCLUDE = Path(__file__).resolve().parents[2] / "include"
MARKS = [*"[]{}'\"|>#,~9é\t\n\x85", ": ", "- ", "\n  ", "&a ", "*a", "<<", "!!str ", "? ", "---\n", "...\n"]
PIECES = st.sampled_from([*MARKS, "phase", "waves", "branches", "id", "1.5", "null", "true", "%YAML 1.1\n"])
KEYS = ["phase", "title", "waves", "wave", "branches", "id", "branch", "owns", "depends_on", "gates", "claims"]
MORE_KEYS = ["required", "shared_files", "path", "owner", "risks", "duration", "agent", "schedule", "validate", "x"]


@given(st.binary(max_size=400))
def test_arbitrary_bytes_give_diagnostics_and_no_exception(raw: bytes) -> None:
    text = decode("plan.yaml", raw)
    if isinstance(text, str):
        source = parse("plan.yaml", text)
        assert (source.data is None) <= bool(source.diagnostics)


@settings(max_examples=300)
@given(pieces=st.lists(PIECES, max_size=60))
def test_arbitrary_yaml_gives_diagnostics_and_no_exception(
    pieces: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "arbitrary.yaml"
    path.write_text("".join(pieces), encoding="utf-8")
    campaign = load_campaign([path], None)
    assert campaign.has_errors, "nothing this random is a plan"


@settings(max_examples=100)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS + MORE_KEYS), inner, max_size=6)
        ),
        max_leaves=40,
    )
)
def test_arbitrary_values_give_diagnostics_and_no_exception(
    value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "shape.yaml"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert load_campaign([path], path).has_errors


@pytest.mark.parametrize("text", ["[" * 200_000, "- " * 200_000, "{a: " * 200_000, "? " * 200_000, "a: [" * 50_000])
def test_deep_nesting_is_refused(text: str) -> None:
    """PyYAML's own composer dies of this with a segmentation fault."""
    assert [d.code for d in parse("plan.yaml", text).diagnostics if d.code in ("PP105", "PP106")]


def test_unreadable_plan_files_are_diagnostics(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.yaml")
    (tmp_path / "huge.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    (tmp_path / "loop.yaml").symlink_to("loop.yaml")
    found = {
        name: load(tmp_path / name).diagnostics[0] for name in ("none.yaml", ".", "fifo.yaml", "huge.yaml", "loop.yaml")
    }
    assert {name: d.code for name, d in found.items()} == {
        "none.yaml": "PP101", ".": "PP101", "fifo.yaml": "PP101", "huge.yaml": "PP103", "loop.yaml": "PP101",
    }  # fmt: skip
    assert found["none.yaml"].message == "cannot read this file: No such file or directory"


def test_a_null_byte_in_a_file_name_is_a_diagnostic() -> None:
    assert load(Path("a\0b")).diagnostics[0].code == "PP101"


def test_scalars_mean_what_they_look_like() -> None:
    text = "a: off\nb: 1:30\nc: 05\nd: 5.1.1\ne: 2024-01-15\nf: 'yes'\ng: ~\nh: 1e3\ni: true\nj: .nan\nk: 1e999\n"
    assert parse("f", text).data == {
        "a": "off", "b": "1:30", "c": "05", "d": "5.1.1", "e": "2024-01-15", "f": "yes", "g": None, "h": 1000.0,
        "i": True, "j": ".nan", "k": "1e999",
    }  # fmt: skip


def test_keys_and_values_are_found_with_line_and_column() -> None:
    source = parse("f", "a:\n  - {b: 'é', c: [1, 22]}\n")
    assert source.locations.find(("a", 0, "c", 1)) == source.locations.find(("a", 0, "c", 1, "beyond"))
    at = source.locations.find(("a", 0, "c", 1))
    assert (at.line, at.column, at.end) == (2, 21, 23)
    key = source.locations.find(("a", 0, "c"), on_key=True)
    assert (key.line, key.column, key.end) == (2, 14, 15)


def test_byte_order_mark_and_crlf_are_read() -> None:
    text = decode("f", b"\xef\xbb\xbfphase: 1\r\ntitle: x\r\n")
    assert not isinstance(text, Diagnostic)
    assert parse("f", text).data == {"phase": 1, "title": "x"}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_junk_in_a_real_plan_is_reported(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rules run on repaired plans too; none of them may trip over what the repair left."""
    plan = parse("f", (INCLUDE / "plans" / "phase-05.yaml").read_text()).data
    for _ in range(data.draw(st.integers(1, 4))):
        holder: object = plan
        while True:
            keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
            if not keys:
                break
            key = data.draw(st.sampled_from(keys))
            if data.draw(st.integers(0, 3)) == 0 or not isinstance(holder[key], dict | list):
                holder[key] = copy.deepcopy(data.draw(JUNK))
                break
            holder = holder[key]
    path = tmp_path_factory.getbasetemp() / "junk.yaml"
    path.write_text(json.dumps(plan), encoding="utf-8")
    campaign = load_campaign([path], INCLUDE / "agents.yaml")
    assert campaign.has_errors != bool(campaign.plans)
    for loaded in campaign.plans:
        assert analyse(loaded.plan).sequential >= 0
