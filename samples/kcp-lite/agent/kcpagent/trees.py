"""The branches of phases 6 to 10: whole files kept under `trees/<id>/` as they will lie in the repository.

Here stands only what the files do not say: the commit's subject, the folder to test, what must be there first.
"""

from __future__ import annotations

from pathlib import Path

from kcpagent.model import Branch

HERE = Path(__file__).resolve().parents[1] / "trees"
Need = tuple[str, str, str]  # branch, package, type

_SYNCTARGET = ("5.1.1", "pkg/apis/workload/v1alpha1", "SyncTarget")
_APIRESOURCE = ("5.1.2", "pkg/apis/apiresource/v1alpha1", "APIResource")
_PLACEMENT = ("5.1.3", "pkg/apis/placement/v1alpha1", "Placement")
_DISTRIBUTION = ("5.2.1", "pkg/apis/workload/v1alpha1", "Distribution")
_TRANSFORM = ("5.2.2", "pkg/apis/workload/v1alpha1", "Transform")
_AGGREGATION = ("5.2.3", "pkg/apis/workload/v1alpha1", "StatusAggregation")
_DISCOVERY = ("5.2.4", "pkg/apis/apiresource/v1alpha1", "Discovery")
_SYNCER = ("5.3.1", "pkg/interfaces/syncer", "SyncerObject")
_PLACING = ("5.3.2", "pkg/interfaces/placement", "PlacementInventory")
_VIEWING = ("5.3.3", "pkg/interfaces/virtualworkspace", "VirtualWorkspace")
_STORE = ("6.1.1", "pkg/reconciler/workload/synctarget", "Store")
_VIEW = ("6.2.1", "pkg/virtual/syncer", "View")
_WEBHOOKS = ("6.3.3", "pkg/admission/webhooks", "Handler")
_USAGE = ("6.3.2", "pkg/quota", "Aggregator")
_ENGINE = ("7.1.1", "pkg/syncer/engine", "Engine")
_PIPELINE = ("7.1.2", "pkg/syncer/transformation", "Pipeline")
_DOWN = ("7.2.1", "pkg/syncer/downstream", "Syncer")
_APPLIER = ("7.2.2", "pkg/syncer/downstream", "Applier")
_CONFLICTS = ("7.2.3", "pkg/syncer/downstream", "Resolver")
_STATUS = ("7.3.1", "pkg/syncer/upstream", "StatusSyncer")
_EVENTS = ("7.3.2", "pkg/syncer/upstream", "EventSyncer")
_TUNNEL = ("7.4.1", "pkg/syncer/tunnel", "Manager")
_WORKSPACES = ("8.1.1", "pkg/placement/discovery", "WorkspaceDiscoverer")
_APIS = ("8.1.2", "pkg/placement/discovery", "APIDiscoverer")
_SCHEDULER = ("8.2.1", "pkg/placement/scheduler", "Scheduler")
_POLICY = ("8.2.2", "pkg/placement/policy", "Expression")
_MAKER = ("8.2.3", "pkg/placement/decision", "Maker")
_CROSS = ("8.3.1", "pkg/reconciler/placement/crossworkspace", "Controller")
_BINDING = ("8.3.2", "pkg/reconciler/placement/binding", "Controller")
_STATUSES = ("8.3.3", "pkg/reconciler/placement/status", "Aggregator")
_METRICS = ("9.1.1", "pkg/metrics", "Registry")
_HEALTH = ("9.1.2", "pkg/health", "Checks")
_CANARY = ("9.3.1", "pkg/deployment/canary", "Controller")
_ROLLBACK = ("9.3.2", "pkg/deployment/rollback", "Engine")
_E2E = ("10.1.1", "test/e2e", "Framework")

_TABLE: dict[str, tuple[str, str, tuple[Need, ...]]] = {
    "6.1.1": ("Add SyncTarget controller", "pkg/reconciler/workload/synctarget", (_SYNCTARGET, _SYNCER)),
    "6.3.3": ("Add admission webhooks", "pkg/admission/webhooks", (_SYNCTARGET, _PLACEMENT, _DISTRIBUTION)),
    "6.1.2": ("Add cluster controller", "pkg/reconciler/workload/cluster", (_STORE, _SYNCER)),
    "6.2.1": ("Add virtual workspace of the syncers", "pkg/virtual/syncer", (_STORE, _VIEWING)),
    "6.3.1": ("Add quota manager", "pkg/quota", (_STORE,)),
    "6.2.2": ("Serve virtual workspaces over HTTP", "pkg/virtual/syncer/endpoints", (_VIEW, _VIEWING)),
    "6.2.3": ("Add discovery to the syncers' view", "pkg/virtual/syncer/discovery", (_VIEW, _DISCOVERY)),
    "6.3.2": ("Add resource aggregator", "pkg/quota", (_STORE, _PLACING)),
    "7.1.1": ("Add sync engine", "pkg/syncer/engine", (_STORE, _SYNCER)),
    "7.1.2": ("Add transformation pipeline", "pkg/syncer/transformation", (_TRANSFORM, _SYNCER)),
    "7.2.1": ("Add downstream syncer", "pkg/syncer/downstream", (_ENGINE, _PIPELINE)),
    "7.2.2": ("Add resource applier", "pkg/syncer/downstream", (_DOWN, _ENGINE)),
    "7.2.3": ("Add conflict resolution", "pkg/syncer/downstream", (_DOWN,)),
    "7.3.1": ("Add upstream status syncer", "pkg/syncer/upstream", (_ENGINE,)),
    "7.3.2": ("Add event syncer", "pkg/syncer/upstream", (_ENGINE,)),
    "7.4.1": ("Add WebSocket tunnel", "pkg/syncer/tunnel", (_DOWN, _STATUS, _EVENTS)),
    "7.4.2": ("Add heartbeats of the tunnel", "pkg/syncer/tunnel", (_TUNNEL, _SYNCER)),
    "8.1.1": ("Discover locations of a workspace", "pkg/placement/discovery", (_STORE, _USAGE, _PLACING)),
    "8.1.2": ("Discover where APIs are served", "pkg/placement/discovery", (_STORE, _APIRESOURCE, _PLACING)),
    "8.2.1": ("Add placement scheduler", "pkg/placement/scheduler", (_WORKSPACES, _APIS)),
    "8.2.2": ("Add policy evaluator", "pkg/placement/policy", (_WORKSPACES,)),
    "8.2.3": ("Add decision maker", "pkg/placement/decision", (_SCHEDULER, _POLICY)),
    "8.3.1": ("Add cross-workspace controller", "pkg/reconciler/placement/crossworkspace", (_MAKER, _STORE)),
    "8.3.2": ("Bind placements", "pkg/reconciler/placement/binding", (_CROSS, _WORKSPACES, _DISTRIBUTION)),
    "8.3.3": ("Aggregate statuses", "pkg/reconciler/placement/status", (_CROSS, _AGGREGATION)),
    "9.1.1": ("Add metrics", "pkg/metrics", (_STORE, _ENGINE)),
    "9.1.2": ("Add health checks", "pkg/health", (_STORE,)),
    "9.2.1": ("Add kubectl plugin", "cmd/kubectl-tmc", (_SYNCTARGET, _PLACEMENT)),
    "9.2.2": ("Add dashboard for the terminal", "cmd/tmc-tui", (_METRICS, _HEALTH)),
    "9.2.3": ("Generate the API reference", "docs/api", (_SYNCTARGET, _PLACEMENT, _AGGREGATION)),
    "9.3.1": ("Add canary controller", "pkg/deployment/canary", (_METRICS,)),
    "9.3.2": ("Add rollback engine", "pkg/deployment/rollback", (_CANARY, _DISTRIBUTION)),
    "10.1.1": ("Add end-to-end framework", "test/e2e", (_PIPELINE, _DOWN, _MAKER, _BINDING, _STATUSES, _METRICS)),
    "10.2.1": ("Test the campaign together", "test/integration", (_E2E, _WEBHOOKS)),
    "10.2.2": ("Measure the hot paths", "test/performance", (_E2E, _APPLIER)),
    "10.2.3": ("Break things by a plan", "test/chaos", (_E2E,)),
    "10.2.4": ("Write guides for operators", "test/docs", (_E2E, _TUNNEL, _CONFLICTS, _HEALTH, _ROLLBACK)),
}
TREES = {
    branch_id: Branch(id=branch_id, subject=subject, package=package, area="", needs=needs, tree=HERE / branch_id)
    for branch_id, (subject, package, needs) in _TABLE.items()
}
