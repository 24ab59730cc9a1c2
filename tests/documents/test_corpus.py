"""Documents of many styles import to what a careful reader would write."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from phaseplan.documents.importing.document import import_file
from phaseplan.plan.campaign import load_valid
from phaseplan.plan.lint.codes import CODES
from tests.documents import corpus

DOCUMENTS = corpus.documents()
TOP = Path(__file__).resolve().parents[2]
CODEOWNERS = [
    ("4.1.1", "crates/codec/**"),
    ("4.1.1", "testdata/frames/**"),
    ("4.1.2", "crates/ringbuf/**"),
    ("4.1.3", "proto/ingest/**"),
    ("4.2.2", "crates/gaps/**"),
    ("4.2.3", "services/gateway/**"),
    ("4.3.1", "crates/sink/**"),
    ("4.3.2", "services/feed/**"),
    ("4.3.3", "docs/operators/**"),
]
NOT_READ = {  # what a careful reader finds and the importer does not
    "31-compiler.md: edges lacks ('8.4.1', '8.5.1')",  # `RA`, explained in a dictionary of nicknames
    "40-edge-runtime.md: lines lacks ('E6.1.2', 800)",  # `750->800`, decided by a table without a heading for lines
    "40-edge-runtime.md: lines has ('E6.1.2', 750)",
    "69-phase09-advanced-features.md: max_parallel_agents",  # `A team of 3 agents (the maximum ...)`
    "72-skylark-phase4.md: max_parallel_agents",
    "72-skylark-phase4.md: lines lacks ('4.1.2', 480)",  # `450->480`, as above
    "72-skylark-phase4.md: lines has ('4.1.2', 450)",
    *(f"72-skylark-phase4.md: owned paths lacks ('{i}', '{path}')" for i, path in CODEOWNERS),  # by agents' handles
    "45-phase10-status.md: owned paths lacks ('10.1.1', 'test/e2e/')",  # below a heading without a name
}
PHASE_KEYS = ("phase", "depends_on", "blocks", "independent_from", "max_parallel_agents")


def test_the_corpus_has_documents() -> None:
    assert len(DOCUMENTS) >= 12
    assert all(document.with_suffix(".yaml").is_file() for document in DOCUMENTS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_branches_names_waves_dependencies_lines_and_paths_are_imported(document: Path) -> None:
    known = {text for text in NOT_READ if text.startswith(f"{document.name}: ") and " " in text.split(": ")[1]}
    assert set(corpus.differences(document)) == known


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_values_of_the_phase_and_its_waves_are_imported(document: Path) -> None:
    want, made = corpus.wanted(document), corpus.imported(document)
    title = made.get("title", "").lower() == want["title"].lower() if "title" in want else True
    keys = [key for key in PHASE_KEYS if key in want and f"{document.name}: {key}" not in NOT_READ]
    assert title and {key: made.get(key) for key in keys} == {key: want[key] for key in keys}
    durations = {wave["wave"]: wave.get("duration") for wave in made["waves"]}
    assert {w["wave"]: durations[w["wave"]] for w in want["waves"] if "duration" in w} == {
        w["wave"]: w["duration"] for w in want["waves"] if "duration" in w
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_every_value_names_its_line(document: Path) -> None:
    text = import_file(document).text or ""
    last = document.read_bytes().count(b"\n") + 1
    containers = (
        "claims:",
        "notes:",
        "waves:",
        "branches:",
        "owns:",
        "validate:",
        "risks:",
        "mitigations:",
        "gates:",
        "shared_files:",
        "generated_files:",
        "owner:",
        "#",
    )
    for line in text.splitlines():
        if not line.strip().startswith(containers):
            number = line.rsplit(f"# {document.name}:", 1)[1].split(",")[0].split()[0]
            assert 0 < int(number) <= last, line


def test_founding_document_is_the_hand_written_plan() -> None:
    """Every field the document states; what the hand-written plan adds or repairs is listed here and nowhere else."""
    made = corpus.imported(corpus.HERE / "01-founding.md")
    hand = yaml.safe_load((TOP / "include/plans/phase-05.yaml").read_text())
    for key in ("phase", "title", "depends_on", "blocks", "independent_from", "max_parallel_agents"):
        assert made[key] == hand[key], key
    assert made["gates"]["max_lines"] == hand["gates"]["max_lines"]
    assert _lower(made["claims"]) == _lower(hand["claims"])
    mine, theirs = made["shared_files"][0], hand["shared_files"][0]
    assert {k: theirs[k] for k in ("path", "owner", "branches")} == mine
    assert made["generated_files"][0]["command"] == hand["generated_files"][0]["command"]
    repaired = {"git status": "git diff --exit-code"}  # the document's commands pass whatever they find
    for wave, by_hand in zip(made["waves"], hand["waves"], strict=True):
        for key in ("wave", "title", "duration", "conflict_risk"):
            assert wave[key] == by_hand[key], (by_hand["wave"], key)
        checks = [repaired.get(check, check) for check in wave["validate"]]
        apart = [part for check in by_hand["validate"] for part in check.split(" && ")]  # each gate begins afresh
        assert checks == [check for check in apart if check != "make verify-cycles"]
        for branch, written in zip(wave["branches"], by_hand["branches"], strict=True):
            for key in ("id", "branch", "title", "agent_label", "lines", "depends_on"):
                assert branch.get(key) == written.get(key), (written["id"], key)
            assert all(own.startswith(tuple(branch["owns"])) for own in written["owns"])


def _lower(claims: dict) -> dict:
    return {
        key: {k: v.lower() for k, v in value.items()} if isinstance(value, dict) else value
        for key, value in claims.items()
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
def test_an_imported_plan_lints_except_for_missing_values(document: Path, tmp_path: Path) -> None:
    plan = tmp_path / "plan.yaml"
    plan.write_text(f"agent: any\n{import_file(document).text}")
    made = import_file(document).text or ""
    missing = sum(f"# TODO {key}:" in made for key in ("title", "owns"))
    found = [d.code for d in load_valid([plan], None).diagnostics]
    assert found == ["PP206"] * missing + (["PP804"] if document.name.startswith("12") else [])


def test_every_contradiction_occurs_in_the_corpus() -> None:
    found = {d.code for document in DOCUMENTS for d in import_file(document).diagnostics}
    assert {code for code in CODES if code.startswith("PP9")} - found == {"PP915", "PP917"}
