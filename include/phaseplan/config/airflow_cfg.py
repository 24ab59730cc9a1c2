"""Read section `[phaseplan]` of airflow.cfg as a source of settings, once per process, without importing Airflow.

It is read as Airflow 3.3 reads its own sections: `%` begins a reference to another key (`%%` is one `%`), `$NAME` and
`~` are filled in, names of keys are in lower case, no key stands twice. In one thing it forgives more: a blank and `#`
or `;` after a value begin a comment, for that is what people write, and no value of ours holds them.
"""

from __future__ import annotations

import configparser
from functools import lru_cache
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from phaseplan.config.place import airflow_cfg, filled_in
from phaseplan.errors import InputFault

SECTION = "phaseplan"


class AirflowCfg(PydanticBaseSettingsSource):
    """Provide the section's values, as text; a key with an empty value is not set."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._values = section()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return one value, as pydantic asks for it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return all values that are set."""
        return {name: value for name in self.settings_cls.model_fields if (value := self._values.get(name))}


class _Parser(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        """Keep a key as it is written, as Airflow does."""
        return optionstr


@lru_cache(maxsize=1)
def section() -> dict[str, str]:
    """Return the section of the file that Airflow reads; empty where there is none.

    :raises InputFault: the file cannot be read as an airflow.cfg.
    """
    path = airflow_cfg()
    parser = _Parser(inline_comment_prefixes=("#", ";"))
    try:
        parser.read(path)
        values = dict(parser[SECTION]) if parser.has_section(SECTION) else {}
    except configparser.InterpolationError as error:
        raise InputFault(
            f"`{error.option}` in section [{SECTION}] of {path} has a % that names no other key of the section; "
            "write %% for one %"
        ) from error
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputFault(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return {key: filled_in(value) for key, value in values.items()}
