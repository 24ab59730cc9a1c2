"""Branch 5.1.1: synctarget types."""

from __future__ import annotations

from kcpagent.model import (
    DNS,
    URL,
    Branch,
    Enum,
    Kind,
    Struct,
    TypesFile,
    choice,
    conditions,
    flag,
    many,
    num,
    one,
    pairs,
    strings,
    text,
)

_PHASE = Enum(
    "SyncTargetPhase",
    "is where a target is in its life.",
    {
        "Pending": "waits for the first heartbeat of its syncer.",
        "Ready": "takes workloads.",
        "Unreachable": "has missed its heartbeats.",
        "Evicting": "loses its workloads.",
    },
)

_CREDENTIAL = Enum(
    "SyncTargetCredentialType",
    "is how a syncer proves who it is.",
    {
        "Token": "is a bearer token.",
        "Certificate": "is a client certificate.",
    },
)

BRANCH = Branch(
    id="5.1.1",
    subject="Add SyncTarget API types",
    package="pkg/apis/workload/v1alpha1",
    area="synctarget",
    group="workload",
    contributors="Agent 2, Agent 3",
    doc="Package v1alpha1 holds the workload API: sync targets and what runs on them.",
    files=(
        TypesFile(
            "types_synctarget.go",
            (
                _PHASE,
                Kind(
                    "SyncTarget",
                    "is a physical cluster that workloads are synced to.",
                    "synctargets",
                    "st",
                    scope="Cluster",
                    columns=(("Phase", "string", ".status.phase"), ("Location", "string", ".spec.location")),
                    spec=(
                        text(
                            "Endpoint",
                            "is the URL of the cluster's API server.",
                            "https://edge-1.example.com:6443",
                            max=2048,
                            pattern=URL,
                        ),
                        text("Location", "is the place that placements select by.", "eu-west", max=63, pattern=DNS),
                        one("Credential", "SyncTargetCredential", "is how the syncer logs in."),
                        many(
                            "Cells",
                            "SyncTargetCell",
                            "are the failure domains of the cluster.",
                            min=1,
                            max=16,
                            key="Name",
                        ),
                        many(
                            "SupportedResources", "SyncTargetResource", "are the resources that can be synced.", max=128
                        ),
                        flag("Unschedulable", "keeps new workloads away."),
                        num(
                            "EvictAfterSeconds",
                            "is how long workloads stay when the target is unreachable, in seconds.",
                            300,
                            0,
                            86400,
                            optional=True,
                        ),
                        pairs("Labels", "are what placements see of the target.", "tier=edge"),
                    ),
                    status=(
                        choice("Phase", _PHASE, "is where the target is in its life.", optional=True),
                        one("Capacity", "SyncTargetCapacity", "is what the cluster has in all.", optional=True),
                        one("Allocated", "SyncTargetCapacity", "is what is promised to workloads.", optional=True),
                        one(
                            "LastHeartbeat",
                            "meta.Time",
                            "is when the syncer was heard last.",
                            "&meta.Time{Time: time.Unix(1700000000, 0).UTC()}",
                            nested=False,
                            optional=True,
                        ),
                        text(
                            "SyncerVersion",
                            "is the version of the syncer that runs.",
                            "v0.4.2",
                            max=64,
                            pattern=r"^v[0-9]+\.[0-9]+\.[0-9]+$",
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
            ),
            code="""
// IsSchedulable says whether new workloads may be placed on the target.
func (in *SyncTarget) IsSchedulable() bool {
	return !in.Spec.Unschedulable && in.Status.Phase == SyncTargetPhaseReady
}

// Observe sets the phase and the Ready condition from the age of the last heartbeat.
func (in *SyncTarget) Observe(now time.Time, patience time.Duration) {
	ready := meta.Condition{
		Type: "Ready", Status: meta.ConditionFalse, Reason: "NoHeartbeat",
		ObservedGeneration: in.Generation, LastTransitionTime: meta.At(now),
	}
	switch heartbeat := in.Status.LastHeartbeat; {
	case heartbeat == nil:
		in.Status.Phase = SyncTargetPhasePending
	case now.Sub(heartbeat.Time) <= patience:
		in.Status.Phase = SyncTargetPhaseReady
		ready.Status, ready.Reason = meta.ConditionTrue, "HeartbeatSeen"
	case now.Sub(heartbeat.Time) <= patience+time.Duration(in.Spec.EvictAfterSeconds)*time.Second:
		in.Status.Phase = SyncTargetPhaseUnreachable
	default:
		in.Status.Phase = SyncTargetPhaseEvicting
	}
	meta.SetCondition(&in.Status.Conditions, ready)
}

// Supports says whether a resource can be synced to the target.
func (in *SyncTarget) Supports(group, resource string) bool {
	for _, one := range in.Spec.SupportedResources {
		if one.Group == group && one.Resource == resource {
			return true
		}
	}
	return false
}
""",
        ),
        TypesFile(
            "types_synctarget_parts.go",
            (
                _CREDENTIAL,
                Struct(
                    "SyncTargetCredential",
                    "is how a syncer logs in to its cluster.",
                    (
                        choice("Type", _CREDENTIAL, "is the kind of proof.", default="Token"),
                        text("SecretName", "is the secret that holds it.", "edge-1-syncer", pattern=DNS),
                        num(
                            "RotateAfterHours",
                            "is the longest a credential lives, in hours.",
                            720,
                            1,
                            8760,
                            optional=False,
                        ),
                    ),
                ),
                Struct(
                    "SyncTargetCell",
                    "is one failure domain of a cluster.",
                    (
                        text("Name", "is unique within the target.", "cell-a", max=63, pattern=DNS),
                        num("Weight", "is the cell's share of new workloads.", 10, 1, 100),
                        pairs("Labels", "are what a placement may ask for.", "disk=ssd"),
                        many("Taints", "SyncTargetTaint", "keep workloads away that do not tolerate them.", max=16),
                    ),
                ),
                Struct(
                    "SyncTargetTaint",
                    "keeps workloads away from a cell.",
                    (
                        text("Key", "is the taint's name.", "gpu-only", max=63, pattern=DNS),
                        text("Value", "is the taint's value.", "true", max=63, optional=True),
                        flag("Evict", "takes away workloads that are there already."),
                    ),
                ),
                Struct(
                    "SyncTargetResource",
                    "is one resource that a cluster serves.",
                    (
                        text(
                            "Group",
                            "is the API group; empty for the core group.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        text("Resource", "is the plural name.", "deployments", max=63, pattern=DNS),
                        strings(
                            "Versions", "are the versions served, the preferred one first.", "v1 v1beta1", min=1, max=8
                        ),
                    ),
                ),
                Struct(
                    "SyncTargetCapacity",
                    "is an amount of everything a cluster offers.",
                    (
                        num("MilliCPU", "is processor time in thousandths of a core.", 64000, 0, 1 << 40, "int64"),
                        num("MemoryBytes", "is memory in bytes.", 256 << 30, 0, 1 << 60, "int64"),
                        num("Pods", "is the number of pods.", 500, 0, 1000000, "int64"),
                    ),
                ),
            ),
            code="""
// Fits says whether a request can be met by what is left.
func (in SyncTargetCapacity) Fits(request SyncTargetCapacity) bool {
	return request.MilliCPU <= in.MilliCPU && request.MemoryBytes <= in.MemoryBytes && request.Pods <= in.Pods
}

// Minus is what is left after something is taken; it never falls below nothing.
func (in SyncTargetCapacity) Minus(taken SyncTargetCapacity) SyncTargetCapacity {
	atLeastZero := func(value int64) int64 {
		if value < 0 {
			return 0
		}
		return value
	}
	return SyncTargetCapacity{
		MilliCPU:    atLeastZero(in.MilliCPU - taken.MilliCPU),
		MemoryBytes: atLeastZero(in.MemoryBytes - taken.MemoryBytes),
		Pods:        atLeastZero(in.Pods - taken.Pods),
	}
}

// Free is what the target can still promise.
func (in *SyncTarget) Free() SyncTargetCapacity {
	if in.Status.Capacity == nil {
		return SyncTargetCapacity{}
	}
	if in.Status.Allocated == nil {
		return *in.Status.Capacity
	}
	return in.Status.Capacity.Minus(*in.Status.Allocated)
}

// Tolerates says whether a workload that tolerates the given keys may run in the cell.
func (in *SyncTargetCell) Tolerates(keys ...string) bool {
	tolerated := map[string]bool{}
	for _, key := range keys {
		tolerated[key] = true
	}
	for _, taint := range in.Taints {
		if !tolerated[taint.Key] {
			return false
		}
	}
	return true
}
""",
        ),
    ),
    tests={
        "synctarget_life_test.go": """
func TestSyncTargetLife(t *testing.T) {
	now := time.Unix(1700000000, 0)
	for _, test := range []struct {
		age  time.Duration
		want SyncTargetPhase
	}{
		{0, SyncTargetPhaseReady},
		{time.Minute, SyncTargetPhaseReady},
		{2 * time.Minute, SyncTargetPhaseUnreachable},
		{time.Hour, SyncTargetPhaseEvicting},
	} {
		target := newSyncTarget()
		heartbeat := meta.At(now.Add(-test.age))
		target.Status.LastHeartbeat = &heartbeat
		target.Spec.Unschedulable = false
		target.Observe(now, time.Minute)
		if target.IsSchedulable() != (test.want == SyncTargetPhaseReady) {
			t.Errorf("after %v: schedulable is %v", test.age, target.IsSchedulable())
		}
		if target.Status.Phase != test.want {
			t.Errorf("after %v: %s, want %s", test.age, target.Status.Phase, test.want)
		}
		if meta.IsTrue(target.Status.Conditions, "Ready") != (test.want == SyncTargetPhaseReady) {
			t.Errorf("after %v: Ready does not say %s", test.age, test.want)
		}
	}
}

func TestSyncTargetWithoutHeartbeatIsPending(t *testing.T) {
	target := newSyncTarget()
	target.Status.LastHeartbeat = nil
	target.Observe(time.Unix(1700000000, 0), time.Minute)
	if target.Status.Phase != SyncTargetPhasePending || target.IsSchedulable() {
		t.Errorf("a target never heard of is %s", target.Status.Phase)
	}
}

func TestSyncTargetFree(t *testing.T) {
	target := newSyncTarget()
	if free := target.Free(); free != (SyncTargetCapacity{}) {
		t.Errorf("everything is allocated, yet %+v is free", free)
	}
	target.Status.Allocated.Pods = 499
	if free := target.Free(); !free.Fits(SyncTargetCapacity{Pods: 1}) || free.Fits(SyncTargetCapacity{Pods: 2}) {
		t.Errorf("one pod is free, not %+v", free)
	}
}

func TestSyncTargetSupportsAndTolerates(t *testing.T) {
	target := newSyncTarget()
	if !target.Supports("apps", "deployments") || target.Supports("", "pods") {
		t.Error("the target supports the wrong resources")
	}
	cell := target.Spec.Cells[0]
	if cell.Tolerates() || !cell.Tolerates("gpu-only") {
		t.Error("the taint does not keep the right workloads away")
	}
}
"""
    },
)
