"""What can be set, what a bad value is told, and which of two places counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phaseplan.config import place
from phaseplan.config.settings import PREFIX, Settings, notifiers_file, settings
from phaseplan.errors import InputFault
from tests.config.conftest import Written

#: A value that its key cannot have, and what the sentence says of it.
BAD = (
    ("deferrable", "perhaps", "must be a valid boolean"),
    ("schedules", "2", "must be a valid boolean"),
    ("retry_delay", "soon", "must be a valid number"),
    ("retry_delay", "-1", "must be greater than or equal to 0"),
    ("retry_delay", "inf", "must be a finite number"),
    ("lock_age", "nan", "must be a finite number"),
    ("lock_age", "1 minute", "must be a valid number"),
    ("cache_size", "5 gigabytes", "must be a size such as 500m or 5g"),
    ("cache_size", "-5g", "must be a size such as 500m or 5g"),
    ("engine_absence", "soon", "must be a valid number"),
    ("gate_runs", "0", "must be a whole number above 0"),
    ("gate_runs", "60#2", "must be a whole number above 0"),
    ("transcript_runs", "0", "must be a whole number above 0"),
    ("timezone", "Europe/Nowhere", "must be a name like Europe/Berlin"),
    ("timezone", "/etc/localtime", "must be a name like Europe/Berlin"),
    ("start", "waves", "must be 'wave' or 'dependencies'"),
    ("proxy", "proxy.example:3128", "must be an address like http://proxy.example.org:3128"),
    (
        "database_server",
        "mysql://db.example.org",
        "must be an address like postgresql://airflow@db.example.org, without a database's name",
    ),
)


def read() -> None:
    """Read everything as a verb does."""
    settings()
    notifiers_file()


def sentence() -> str:
    """Return the message with which the settings are refused."""
    with pytest.raises(InputFault) as caught:
        read()
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("key", "value", "why"), BAD)
def test_bad_value_in_a_variable_is_one_sentence(key: str, value: str, why: str, monkeypatch) -> None:
    monkeypatch.setenv(f"{PREFIX}{key.upper()}", value)
    message = sentence()
    assert message.startswith(f"`{key}` in section [phaseplan] {why}"), message
    assert message.endswith(f", not {value!r} (from {PREFIX}{key.upper()})"), message


@pytest.mark.parametrize(("key", "value", "why"), BAD)
def test_bad_value_in_the_file_is_one_sentence(key: str, value: str, why: str, written: Written) -> None:
    written(f"[phaseplan]\n{key} = {value}\n")
    message = sentence()
    assert message.startswith(f"`{key}` in section [phaseplan] {why}"), message
    assert message.endswith(f", not {value!r}"), message


def test_path_to_nowhere_for_notifiers_is_one_sentence(monkeypatch, tmp_path: Path) -> None:
    path = str(tmp_path / "nowhere.yaml")
    monkeypatch.setenv(f"{PREFIX}NOTIFIERS", path)
    assert sentence() == (
        f"`notifiers` in section [phaseplan] must be a file that exists, not {path!r} (from {PREFIX}NOTIFIERS)"
    )
    assert settings().notifiers == Path(path), "a task continues, and logs that no notification was sent"


def test_every_key_with_a_bad_value_is_tested() -> None:
    places = {"repository", "repository_override", "docker_url", "plans", "agents", "approvers", "state", "engines"}
    free = places | {"collector_image", "gateway_image", "ca_bundle", "proxy_login", "no_proxy"}
    assert set(Settings.model_fields) == free | {"notifiers"} | {key for key, *_ in BAD}


def test_a_variable_overrides_the_file(monkeypatch, written: Written) -> None:
    written("[phaseplan]\ngate_runs = 7\ncache_size = 2k\n")
    assert (settings().gate_runs, settings().cache_size) == (7, 2048)
    monkeypatch.setenv(f"{PREFIX}GATE_RUNS", "9")
    assert (settings().gate_runs, settings().cache_size) == (9, 2048)


def test_bad_value_of_the_file_does_not_count_where_a_variable_is_set(monkeypatch, written: Written) -> None:
    written("[phaseplan]\ngate_runs = many\n")
    monkeypatch.setenv(f"{PREFIX}GATE_RUNS", "9")
    assert settings().gate_runs == 9


def test_empty_value_is_not_set(monkeypatch, written: Written) -> None:
    nothing = settings()
    written("[phaseplan]\n" + "".join(f"{key} =\n" for key in Settings.model_fields))
    for key in Settings.model_fields:
        monkeypatch.setenv(f"{PREFIX}{key.upper()}", "")
    assert settings() == nothing
    written("[phaseplan]\ngate_runs = 7\n")
    assert settings().gate_runs == 7, "an empty variable hides no value of the file"


def test_unknown_key_is_left_alone(monkeypatch, written: Written) -> None:
    written("[phaseplan]\nof_tomorrow = 1\n[core]\nexecutor = X\n")
    monkeypatch.setenv(f"{PREFIX}OF_TOMORROW", "1")
    assert settings() == Settings()


@pytest.mark.parametrize("where", ["checkout", "installed"])
def test_nothing_under_site_packages_is_a_default(where: str, monkeypatch, tmp_path: Path) -> None:
    if where == "installed":
        package = tmp_path / "venv/lib/python3.11/site-packages/phaseplan/config"
        package.mkdir(parents=True)
        monkeypatch.setattr(place, "__file__", str(package / "place.py"))
    values = Settings().model_dump()
    paths = [value for value in values.values() if isinstance(value, Path)]
    assert len(paths) >= 3
    assert not [path for path in paths if re.search("site-packages|dist-packages", str(path))]
    if where == "installed":
        assert all(path.is_relative_to(tmp_path) and "venv" not in path.parts for path in paths)
