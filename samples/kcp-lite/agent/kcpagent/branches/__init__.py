"""All branches this agent can build, by id."""

from __future__ import annotations

from kcpagent.branches import (
    apiresource,
    discovery,
    distribution,
    placement,
    placement_interfaces,
    status,
    syncer_interfaces,
    synctarget,
    transform,
    virtualworkspace_interfaces,
)
from kcpagent.model import Branch
from kcpagent.trees import TREES

_MODULES = (
    *(synctarget, apiresource, placement),
    *(distribution, transform, status, discovery),
    *(syncer_interfaces, placement_interfaces, virtualworkspace_interfaces),
)
BRANCHES: dict[str, Branch] = {module.BRANCH.id: module.BRANCH for module in _MODULES} | TREES
