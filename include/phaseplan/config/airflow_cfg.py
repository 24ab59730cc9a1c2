"""Section `[phaseplan]` of airflow.cfg as a source of settings, read once a process and without importing Airflow."""

from __future__ import annotations

import configparser
import os
from functools import lru_cache
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from phaseplan.config.place import airflow_home
from phaseplan.errors import InputFault

SECTION = "phaseplan"


class AirflowCfg(PydanticBaseSettingsSource):
    """The section's values, as text; a key with an empty value is not set."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self._values = section()

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """One value, as pydantic asks for it."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        """All values that are set."""
        return {name: value for name in self.settings_cls.model_fields if (value := self._values.get(name))}


@lru_cache(maxsize=1)
def section() -> dict[str, str]:
    """The section as it stands in the file that Airflow reads; empty where there is none.

    :raises InputFault: the file cannot be read as an airflow.cfg.
    """
    path = os.environ.get("AIRFLOW_CONFIG") or airflow_home() / "airflow.cfg"
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read(path)
    except (configparser.Error, UnicodeDecodeError) as error:
        raise InputFault(f"{path} cannot be read: {str(error).splitlines()[0]}") from error
    return dict(parser[SECTION]) if parser.has_section(SECTION) else {}
