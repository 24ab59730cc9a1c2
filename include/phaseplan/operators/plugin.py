"""Whether this Airflow has the plugin that makes pools: a missing pool would hold tasks back for ever."""

from __future__ import annotations

from airflow import plugins_manager

PLUGIN = "phaseplan"


def pools_are_made() -> bool:
    """True where the plugin is loaded."""
    return any(info["name"] == PLUGIN for info in plugins_manager.get_plugin_info(attrs_to_dump=["name"]))
