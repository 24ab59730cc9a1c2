"""Look at settings, plans, agent profiles and notifiers, as the DAG files read them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module

from phaseplan.cli.doctoring.lines import Line, faulty, ok
from phaseplan.config.place import airflow_cfg
from phaseplan.config.plan_files import plan_files
from phaseplan.config.settings import PREFIX, notifiers_file, settings
from phaseplan.plan.agents import AgentProfile
from phaseplan.plan.campaign import Campaign, load_campaign, load_notifiers


@lru_cache(maxsize=1)
def campaign() -> Campaign:
    """Load all plans of this installation with their profiles.

    :raises InputFault: a setting cannot be read.
    """
    found = settings()
    return load_campaign(plan_files(found.plans), found.agents if found.agents.exists() else None, None)


def used_profiles() -> dict[str, AgentProfile]:
    """Return the profiles that some plan names, and those that their gates name; all of them where there is no plan."""
    known = campaign()
    named = {known_plan.plan.profile_of(b) for known_plan in known.plans for b in known_plan.plan.by_id.values()}
    named |= {loaded.plan.gates.profile for loaded in known.plans}
    used = {name: profile for name, profile in known.profiles.items() if name in named}
    return used if known.plans else known.profiles


def configuration() -> Iterator[Line]:
    """Look at the settings."""
    found = settings()
    where = airflow_cfg()
    source = f"{where}" if where.is_file() else f"variables only: there is no {where}"
    yield ok("settings", f"readable ({source})")
    if not found.plans.is_dir():
        step = f"phaseplan init DIR makes one; or set {PREFIX}PLANS"
        yield faulty("settings", f"the folder of plans {found.plans} does not exist", step)
    if not found.agents.is_file():
        step = f"phaseplan init DIR makes one; or set {PREFIX}AGENTS"
        yield faulty("settings", f"the file of agent profiles {found.agents} does not exist", step)


def plans() -> Iterator[Line]:
    """Look whether every plan becomes a DAG."""
    files, known = plan_files(settings().plans), campaign()
    errors = [d for d in known.diagnostics if d.is_error]
    for diagnostic in errors[:5]:
        place = f"{diagnostic.file}:{diagnostic.line}"
        yield faulty("plans", f"{place}: {diagnostic.code} {diagnostic.message}", diagnostic.hint or "phaseplan lint")
    if errors[5:]:
        yield faulty("plans", f"{len(errors) - 5} more errors", "phaseplan lint")
    if not files:
        where = settings().plans
        yield faulty("plans", f"there is no plan in {where}", f"phaseplan new {where / 'phase-01.yaml'}")
    elif not errors:
        phases = ", ".join(str(loaded.plan.phase) for loaded in known.plans)
        yield ok("plans", f"{len(files)} without errors: phases {phases}")


def notifiers() -> Iterator[Line]:
    """Look whether the class of every notifier can be imported."""
    path = notifiers_file()
    if path is None:
        yield ok("notifiers", "none: nobody is told of anything")
        return
    known, _, problems = load_notifiers(path)
    for problem in problems:
        yield faulty("notifiers", f"{path}:{problem.line}: {problem.message}", problem.hint or f"mend {path}")
    for name, profile in known.items():
        module, _, kind = profile.class_path.rpartition(".")
        try:
            getattr(import_module(module), kind)
        except (ImportError, AttributeError):
            words = f"notifier {name}: {profile.class_path} cannot be imported"
            yield faulty("notifiers", words, "install its provider in every component, or mend `class`")
        else:
            yield ok("notifiers", f"{name}: {profile.class_path}")
    if not known and not problems:
        yield ok("notifiers", f"{path} names none: nobody is told of anything")
