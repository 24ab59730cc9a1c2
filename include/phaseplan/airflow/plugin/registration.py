"""Tell who registers the plugin, and whether this Airflow has it: without it pools would be missing."""

from __future__ import annotations

from importlib.metadata import entry_points

from airflow import plugins_manager

PLUGIN = "phaseplan"


def by_entry_point() -> bool:
    """Say whether an installed distribution registers the plugin; the plugins folder then leaves it alone."""
    return any(found.name == PLUGIN for found in entry_points(group="airflow.plugins"))


def pools_are_made() -> bool:
    """Say whether the plugin, which makes pools, is loaded."""
    return any(info["name"] == PLUGIN for info in plugins_manager.get_plugin_info(attrs_to_dump=["name"]))
