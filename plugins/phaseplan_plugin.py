"""Register the Airflow plugin of a checkout whose `plugins/` is Airflow's plugins folder.

An installed Phaseplan registers it by its entry point: a second registration would be an import error on the UI.
"""

from __future__ import annotations

from phaseplan.airflow.plugin.registration import by_entry_point

if not by_entry_point():
    from phaseplan.airflow.plugin.plugin import PhaseplanPlugin as PhaseplanPlugin
