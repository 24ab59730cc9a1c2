"""One Airflow, one engine, ten phases at once: what a run of each leaves is what the tests look at."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from phaseplan.cli.running.homes import drop_database
from provision.common import TOP
from tests.cron import without_cron
from tests.end_to_end.again import Evening
from tests.end_to_end.delivered import DeliveredEvenings
from tests.end_to_end.night import PHASES, Night, bare, docker, git, phaseplan, started
from tests.end_to_end.outside import Outside, deliver
from tests.end_to_end.outside import outside as outside_servers
from tests.end_to_end.place import Place
from tests.end_to_end.world import Person, World, airflow_up, clear, ended
from tests.engine_events import following
from tests.postgresql import chosen_database

HERE = Path(__file__).parent
IMAGES = {"phaseplan/test-misfits:1": "misfits", "phaseplan-test-gallery/agent:1": "gallery"}
GALLERY = (95, 96, 97, 98)


@pytest.fixture(scope="session", autouse=True)
def database() -> Iterator[str]:
    """The kind of database that every Airflow here has: SQLite, or PostgreSQL where the environment asks for it."""
    with chosen_database() as kind:
        yield kind


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Images and repositories, and the world around the runs."""
    top = tmp_path_factory.mktemp("night")
    for image, folder in IMAGES.items():
        docker("build", "-q", "-t", image, str(HERE / folder))
    repositories = {1: top / "recipes.git", 5: top / "kcp-lite.git", 6: top / "kcp-lite.git"}
    for phase, sample in ((1, "recipes"), (5, "kcp-lite")):
        subprocess.run([sys.executable, TOP / "samples/create.py", sample, repositories[phase]], check=True)
    (top / "misfits").mkdir()
    (top / "misfits/README.md").write_text("misfits\n")
    bare(top / "misfits.git", top / "misfits")
    bare(top / "gallery.git", HERE / "gallery/repository")
    repositories |= dict.fromkeys((90, 91, 92, 93, 94), top / "misfits.git")
    repositories |= dict.fromkeys(GALLERY, top / "gallery.git")
    files = [HERE / "agents.yaml", TOP / "include/agents.yaml", TOP / "samples/recipes/agents.yaml"]
    (top / "agents.yaml").write_text("\n".join(file.read_text() for file in files))
    world = World(repositories[95])
    world.start()
    yield Place(top, repositories, world)
    world.stop()


@pytest.fixture(scope="session")
def night(place: Place) -> Iterator[Night]:
    """Runs all phases once, in one Airflow."""
    plans = _plans(place)
    person = Person(place.home)
    person.start()
    done = phaseplan(
        ["run", *map(str, plans), "--agents", str(place.agents), "--home", str(place.home), "--keep"], place.state
    )
    person.join(timeout=5)
    assert not place.world.faults
    left = place.look("night", done.returncode, done.stdout + done.stderr)
    for phase in PHASES:
        left.status(phase)  # now: a later run is the last one, and whether a phase is complete depends on its plan file
    yield left
    if kept := left.leftovers():
        docker("volume", "rm", *kept)


@pytest.fixture(scope="session")
def back(place: Place, night: Night) -> Night:
    """The day after: causes are mended, tasks Cleared as the page does and by our verb; one branch has a new run."""
    mended = place.top / "mended"
    git(place.top, "clone", "-q", str(place.repositories[95]), str(mended))
    git(mended, "checkout", "-q", "-b", "feature/p95w1-trespass-v2")
    (mended / "work/95.1.4").mkdir(parents=True)
    (mended / "work/95.1.4/own.txt").write_text("by a person\n")
    git(mended, "add", ".")
    git(mended, "commit", "-q", "-m", "Stay inside")
    git(mended, "push", "-q", "origin", "feature/p95w1-trespass-v2")
    again = started(["reintegrate", "96", "96.1.4", "--home", str(place.top / "again")], place.state)
    with airflow_up(place.home, place.agents, place.state) as api:
        run = night.status(95)["run"]["id"]
        for _ in range(3):  # exit code 2: Airflow was busy
            cleared = phaseplan(["reintegrate", "95", "95.1.5", "--home", str(place.home)], place.state)
            if cleared.returncode != 2:
                break
        assert "wave_1.95-1-5_asks" in cleared.stdout, cleared.stdout + cleared.stderr
        clear(api, 95, run, ["wave_1.95-1-2_never", "wave_1.95-1-4_trespass"])
        state = ended(api, 95, run, 240)
    out, err = again.communicate(timeout=240)
    return place.look("back", again.returncode, json.dumps({"phase_95": state}) + out + err)


@pytest.fixture(scope="session")
def outside(place: Place) -> Iterator[Outside]:
    """A forge that phase 1 is delivered to, and what notifiers speak to."""
    with outside_servers(place.repositories[1]) as found:
        yield found


@pytest.fixture(scope="session")
def evenings(place: Place, night: Night, back: Night, outside: Outside) -> dict[str, Evening]:
    """The nights after: nothing changed; a file changed; Airflow's database lost in the middle; a gate changed; its
    pull request was squashed, and a file of it changed since; it is to be pushed to a branch that has moved."""
    plan = next(f for f in (place.home / "plans").glob("*.yaml") if "\nphase: 1\n" in f.read_text())
    plan.write_text(deliver() + plan.read_text())
    more = outside.settings(place.home)
    with following() as events:
        with airflow_up(place.home, place.agents, place.state, **more) as api:
            later = DeliveredEvenings(api, place, events, outside=outside)
            found = {"nothing": later.noted("nothing", 1), "nothing of phase 5": later.noted("nothing of phase 5", 5)}
            later.push(1, {"recipes/units.py": '"""A place for units."""\n'})
            found["file"] = later.noted("file", 1)
            later.push(1, {"recipes/units.py": '"""Another place for units."""\n'})
            later.begin(1, ["1.2.1", "1.2.2"])
        found["cut off"] = later.seen(1, "cut off")
        drop_database(place.home)
        with airflow_up(place.home, place.agents, place.state, **more) as later.api:
            assert not [run for phase in PHASES for run in later.runs(phase)], "the database is empty"
            found["database lost"] = later.noted("database lost", 1)
            later.edit(1, "  commands:\n", "  commands:\n    - test -s README.md\n")
            found["gate"] = later.noted("gate", 1)
            found["nothing again"] = later.noted("nothing again", 1)
            later.merge()
            found["merged"] = later.noted("merged", 1)
            later.release()
            found["moved"] = later.noted("moved", 1)
    return found


def _plans(place: Place) -> list[Path]:
    """Copies of the plans, each with its repository in it."""
    sources = [TOP / "samples/recipes/plan.yaml", *(TOP / f"include/plans/phase-0{n}.yaml" for n in (5, 6))]
    sources += sorted((HERE / "plans").glob("*.yaml"))
    copies = []
    for source in sources:
        text = without_cron(source.read_text())
        plan = yaml.safe_load(text)
        phase = plan["phase"]
        if phase == 6:  # what it waits for and begins on is its story; its other waves are like those of phase 5
            text = yaml.safe_dump({**plan, "waves": plan["waves"][:1]}, sort_keys=False)
        copies.append(place.top / f"plan-{phase:02d}.yaml")
        copies[-1].write_text(f"repository: {place.repositories[phase]}\n{text}")
    return copies
