"""Wave 1: the core API groups."""

from __future__ import annotations

from kcpagent.model import (
    CAMEL,
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
    selector,
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

SYNCTARGET = Branch(
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

_PUBLISH = Enum(
    "APIResourcePublishState",
    "is whether an API is offered to workspaces.",
    {
        "Pending": "waits for negotiation.",
        "Published": "is offered.",
        "Withdrawn": "is no longer offered.",
    },
)
_POLICY = Enum(
    "NegotiationPolicy",
    "is what happens when two schemas differ.",
    {
        "NarrowToCommon": "keeps what all targets understand.",
        "KeepExisting": "changes nothing.",
        "Refuse": "publishes nothing.",
    },
)
_VERDICT = Enum(
    "NegotiationVerdict",
    "is what a negotiation found.",
    {
        "Compatible": "means that every schema accepts the common one.",
        "Narrowed": "means that fields were left out.",
        "Incompatible": "means that there is no common schema.",
    },
)

APIRESOURCE = Branch(
    id="5.1.2",
    subject="Add APIResource and Negotiation types",
    package="pkg/apis/apiresource/v1alpha1",
    area="apiresource",
    group="apiresource",
    contributors="Agent 4",
    doc="Package v1alpha1 holds the API resource group: which APIs targets offer and what they have in common.",
    files=(
        TypesFile(
            "types_apiresource.go",
            (
                _PUBLISH,
                Kind(
                    "APIResource",
                    "is one API as one target offers it.",
                    "apiresources",
                    "apires",
                    columns=(("State", "string", ".status.state"),),
                    spec=(
                        one("Name", "APIResourceName", "says which resource it is."),
                        text("Target", "is the sync target that offers it.", "edge-1", pattern=DNS),
                        many("Versions", "APIResourceVersion", "are the versions offered.", min=1, max=8, key="Name"),
                        flag("Namespaced", "says whether objects live in namespaces."),
                        strings("Verbs", "are what can be done with the resource.", "get list watch", min=1, max=16),
                    ),
                    status=(
                        choice("State", _PUBLISH, "says whether workspaces see the API.", optional=True),
                        text(
                            "PublishedVersion",
                            "is the version that is offered.",
                            "v1",
                            max=63,
                            pattern=DNS,
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
                Struct(
                    "APIResourceName",
                    "names a resource.",
                    (
                        text(
                            "Group",
                            "is the API group; empty for the core group.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        text("Plural", "is the name in URLs.", "deployments", max=63, pattern=DNS),
                        text("Kind", "is the name in objects.", "Deployment", max=63, pattern=CAMEL),
                    ),
                ),
                Struct(
                    "APIResourceVersion",
                    "is one version of a resource.",
                    (
                        text("Name", "is the version.", "v1", max=63, pattern=r"^v[0-9]+((alpha|beta)[0-9]+)?$"),
                        flag("Served", "says whether the version answers requests."),
                        many("Fields", "APIResourceField", "are the fields of the schema.", max=512, key="Path"),
                    ),
                ),
                Struct(
                    "APIResourceField",
                    "is one field of a schema.",
                    (
                        text(
                            "Path", "is the field as JSON path.", "spec.replicas", max=512, pattern=r"^[A-Za-z0-9.]+$"
                        ),
                        text(
                            "Type",
                            "is the field's type.",
                            "integer",
                            max=16,
                            pattern="^(string|integer|boolean|array|object)$",
                        ),
                        flag("Required", "says whether objects must have it."),
                    ),
                ),
            ),
            code="""
// Served gives a version that answers requests, or nil.
func (in *APIResource) Served(version string) *APIResourceVersion {
	for i := range in.Spec.Versions {
		if one := &in.Spec.Versions[i]; one.Name == version && one.Served {
			return one
		}
	}
	return nil
}

// Allows says whether a verb can be used on the resource.
func (in *APIResource) Allows(verb string) bool {
	for _, one := range in.Spec.Verbs {
		if one == verb {
			return true
		}
	}
	return false
}
""",
        ),
        TypesFile(
            "types_negotiation.go",
            (
                _POLICY,
                _VERDICT,
                Kind(
                    "Negotiation",
                    "finds what the targets of one resource have in common.",
                    "negotiations",
                    "nego",
                    columns=(("Verdict", "string", ".status.verdict"),),
                    spec=(
                        one("Resource", "APIResourceName", "is what is negotiated."),
                        text("Version", "is the version that is negotiated.", "v1", max=63, pattern=DNS),
                        choice("Policy", _POLICY, "says what to do when schemas differ.", default="NarrowToCommon"),
                        strings("Targets", "are the sync targets that take part.", "edge-1 edge-2", min=1, max=64),
                    ),
                    status=(
                        choice("Verdict", _VERDICT, "is what was found.", optional=True),
                        many(
                            "Common",
                            "APIResourceField",
                            "are the fields that all targets understand.",
                            max=512,
                            key="Path",
                        ),
                        many("Differences", "NegotiationDifference", "are the fields that they do not.", max=512),
                        conditions(),
                    ),
                ),
                Struct(
                    "NegotiationDifference",
                    "is one field that targets see differently.",
                    (
                        text("Path", "is the field as JSON path.", "spec.paused", max=512),
                        text("Target", "is the target that disagrees.", "edge-2", pattern=DNS),
                        text("Reason", "says how it disagrees.", "field is missing", max=1024),
                    ),
                ),
            ),
            code="""
// NegotiateFields compares two schemas: what both understand, and how the second disagrees with the first.
func NegotiateFields(have, other []APIResourceField, target string) ([]APIResourceField, []NegotiationDifference) {
	theirs := map[string]APIResourceField{}
	for _, one := range other {
		theirs[one.Path] = one
	}
	var common []APIResourceField
	var differences []NegotiationDifference
	differ := func(path, reason string) {
		differences = append(differences, NegotiationDifference{Path: path, Target: target, Reason: reason})
	}
	for _, field := range have {
		match, found := theirs[field.Path]
		switch {
		case !found:
			differ(field.Path, "field is missing")
		case match.Type != field.Type:
			differ(field.Path, "type is "+match.Type+", not "+field.Type)
		default:
			field.Required = field.Required || match.Required
			common = append(common, field)
		}
	}
	return common, differences
}

// Settle turns a comparison into a verdict under the negotiation's policy.
func (in *Negotiation) Settle(common []APIResourceField, differences []NegotiationDifference) {
	in.Status.Common, in.Status.Differences = common, differences
	switch {
	case len(differences) == 0:
		in.Status.Verdict = NegotiationVerdictCompatible
	case in.Spec.Policy == NegotiationPolicyNarrowToCommon && len(common) > 0:
		in.Status.Verdict = NegotiationVerdictNarrowed
	default:
		in.Status.Verdict = NegotiationVerdictIncompatible
	}
}
""",
        ),
    ),
    tests={
        "apiresource_negotiation_test.go": """
func TestNegotiateFields(t *testing.T) {
	have := []APIResourceField{{Path: "spec.replicas", Type: "integer"}, {Path: "spec.paused", Type: "boolean"}, {Path: "spec.name", Type: "string"}}
	other := []APIResourceField{{Path: "spec.replicas", Type: "integer", Required: true}, {Path: "spec.name", Type: "object"}}
	common, differences := NegotiateFields(have, other, "edge-2")
	if len(common) != 1 || common[0].Path != "spec.replicas" || !common[0].Required {
		t.Errorf("common: %+v", common)
	}
	if len(differences) != 2 || differences[0].Path != "spec.paused" || differences[1].Reason != "type is object, not string" {
		t.Errorf("differences: %+v", differences)
	}
}

func TestNegotiationSettles(t *testing.T) {
	field := []APIResourceField{{Path: "spec.replicas", Type: "integer"}}
	difference := []NegotiationDifference{{Path: "spec.paused", Target: "edge-2", Reason: "field is missing"}}
	for _, test := range []struct {
		policy      NegotiationPolicy
		common      []APIResourceField
		differences []NegotiationDifference
		want        NegotiationVerdict
	}{
		{NegotiationPolicyNarrowToCommon, field, nil, NegotiationVerdictCompatible},
		{NegotiationPolicyNarrowToCommon, field, difference, NegotiationVerdictNarrowed},
		{NegotiationPolicyNarrowToCommon, nil, difference, NegotiationVerdictIncompatible},
		{NegotiationPolicyRefuse, field, difference, NegotiationVerdictIncompatible},
	} {
		negotiation := newNegotiation()
		negotiation.Spec.Policy = test.policy
		negotiation.Settle(test.common, test.differences)
		if negotiation.Status.Verdict != test.want {
			t.Errorf("%s: %s, want %s", test.policy, negotiation.Status.Verdict, test.want)
		}
	}
}

func TestAPIResourceServesAndAllows(t *testing.T) {
	resource := newAPIResource()
	if resource.Served("v1") == nil || resource.Served("v2") != nil {
		t.Error("the wrong versions are served")
	}
	resource.Spec.Versions[0].Served = false
	if resource.Served("v1") != nil || !resource.Allows("list") || resource.Allows("delete") {
		t.Error("a version that is not served, or a verb that is not offered")
	}
}
"""
    },
)

_STRATEGY = Enum(
    "PlacementStrategy",
    "is how replicas are spread over locations.",
    {
        "Spread": "gives every location its share.",
        "Pack": "fills one location after the other.",
        "Singleton": "uses the best location only.",
    },
)
_OPERATOR = Enum(
    "PlacementOperator",
    "compares a label with values.",
    {
        "In": "wants one of the values.",
        "NotIn": "wants none of the values.",
        "Exists": "wants the label, whatever its value.",
    },
)
_DECISION = Enum(
    "PlacementPhase",
    "is how far a placement got.",
    {
        "Pending": "has no decision yet.",
        "Bound": "has enough locations.",
        "Unschedulable": "found too few locations.",
    },
)

PLACEMENT = Branch(
    id="5.1.3",
    subject="Add Placement Policy types",
    package="pkg/apis/placement/v1alpha1",
    area="placement",
    group="placement",
    doc="Package v1alpha1 holds the placement API: where workloads may run, and where they were put.",
    files=(
        TypesFile(
            "types_placement.go",
            (
                _STRATEGY,
                _DECISION,
                Kind(
                    "Placement",
                    "asks for locations for a set of workloads.",
                    "placements",
                    "pl",
                    scope="Namespaced",
                    columns=(("Phase", "string", ".status.phase"), ("Strategy", "string", ".spec.strategy")),
                    spec=(
                        text("PolicyName", "is the policy that rules the placement.", "default", pattern=DNS),
                        choice("Strategy", _STRATEGY, "is how replicas are spread.", default="Spread"),
                        num("Locations", "is how many locations are wanted.", 2, 1, 32),
                        selector("WorkloadSelector", "selects the workloads; none means all of the namespace."),
                        many("Requirements", "PlacementRequirement", "must all hold for a location.", max=32),
                        many("Preferences", "PlacementPreference", "make a location better or worse.", max=32),
                        strings("Tolerations", "are the taint keys that do not matter.", "gpu-only", max=32),
                    ),
                    status=(
                        choice("Phase", _DECISION, "is how far the placement got.", optional=True),
                        many("Decisions", "PlacementDecision", "are the locations chosen.", max=32, key="Location"),
                        num(
                            "ObservedGeneration",
                            "is the generation that was decided on.",
                            3,
                            0,
                            1 << 40,
                            "int64",
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
                Struct(
                    "PlacementDecision",
                    "is one location with its share.",
                    (
                        text("Location", "is the location's name.", "eu-west", max=63, pattern=DNS),
                        num("Score", "is how good the location is.", 70, -10000, 10000),
                        num("Share", "is the location's part of the replicas in percent.", 100, 0, 100),
                        text("Reason", "says why it was chosen.", "best score", max=1024, optional=True),
                    ),
                ),
            ),
            code="""
// PlacementCandidate is a location that could be chosen.
// +k8s:deepcopy-gen=true
type PlacementCandidate struct {
	// Location is the location's name.
	// +kubebuilder:validation:MinLength=1
	Location string `json:"location"`

	// Labels are what requirements and preferences look at.
	// +optional
	Labels map[string]string `json:"labels,omitempty"`
}

// Decide chooses locations: requirements filter, preferences rank, equal scores go by name.
func (in *Placement) Decide(candidates []PlacementCandidate) {
	var fit []PlacementDecision
	for _, candidate := range candidates {
		if !in.admits(candidate) {
			continue
		}
		fit = append(fit, PlacementDecision{Location: candidate.Location, Score: in.score(candidate)})
	}
	sort.Slice(fit, func(i, j int) bool {
		if fit[i].Score != fit[j].Score {
			return fit[i].Score > fit[j].Score
		}
		return fit[i].Location < fit[j].Location
	})
	wanted := int(in.Spec.Locations)
	if in.Spec.Strategy == PlacementStrategySingleton {
		wanted = 1
	}
	in.Status.Phase = PlacementPhaseBound
	if len(fit) < wanted {
		in.Status.Phase, wanted = PlacementPhaseUnschedulable, len(fit)
	}
	in.Status.Decisions = fit[:wanted]
	in.share()
	in.Status.ObservedGeneration = in.Generation
}

func (in *Placement) admits(candidate PlacementCandidate) bool {
	for i := range in.Spec.Requirements {
		if !in.Spec.Requirements[i].Holds(candidate.Labels) {
			return false
		}
	}
	return true
}

func (in *Placement) score(candidate PlacementCandidate) int32 {
	var sum int32
	for i := range in.Spec.Preferences {
		if one := &in.Spec.Preferences[i]; one.Requirement.Holds(candidate.Labels) {
			sum += one.Weight
		}
	}
	return sum
}

// share splits 100 percent; what does not divide goes to the best locations.
func (in *Placement) share() {
	decisions := in.Status.Decisions
	for i := range decisions {
		switch {
		case in.Spec.Strategy != PlacementStrategySpread && i == 0:
			decisions[i].Share = 100
		case in.Spec.Strategy == PlacementStrategySpread:
			decisions[i].Share = int32(100 / len(decisions))
			if i < 100%len(decisions) {
				decisions[i].Share++
			}
		}
	}
}
""",
        ),
        TypesFile(
            "types_placement_policy.go",
            (
                _OPERATOR,
                Struct(
                    "PlacementRequirement",
                    "is a condition on the labels of a location.",
                    (
                        text("Key", "is the label.", "region", max=63, pattern=DNS),
                        choice("Operator", _OPERATOR, "says how to compare."),
                        strings("Values", "are compared with; none for Exists.", "eu us", max=32),
                    ),
                ),
                Struct(
                    "PlacementPreference",
                    "makes locations better or worse.",
                    (
                        num("Weight", "is added to the score when the requirement holds.", 70, -100, 100),
                        one("Requirement", "PlacementRequirement", "is what is looked at."),
                    ),
                ),
                Kind(
                    "PlacementPolicy",
                    "bounds what placements may ask for.",
                    "placementpolicies",
                    "plpol",
                    scope="Cluster",
                    spec=(
                        num("MaxLocations", "is the most locations one placement may have.", 8, 1, 32),
                        strings(
                            "AllowedLocations",
                            "are the locations that may be used; none means all.",
                            "eu-west us-east",
                            max=64,
                        ),
                        strings("AllowedTolerations", "are the taints that may be tolerated.", "gpu-only", max=32),
                        many("Requirements", "PlacementRequirement", "are added to every placement.", max=32),
                    ),
                    status=(
                        num("Placements", "is how many placements the policy rules.", 4, 0, 1000000),
                        conditions(),
                    ),
                ),
            ),
            code="""
// Holds says whether a set of labels meets the requirement.
func (in *PlacementRequirement) Holds(labels map[string]string) bool {
	actual, found := labels[in.Key]
	if in.Operator == PlacementOperatorExists {
		return found
	}
	listed := false
	for _, value := range in.Values {
		listed = listed || (found && value == actual)
	}
	return listed == (in.Operator == PlacementOperatorIn)
}

// Refusals says everything in a placement that the policy does not allow.
func (in *PlacementPolicy) Refusals(placement *Placement) meta.FieldErrors {
	var errs meta.FieldErrors
	errs.CheckRange("spec.locations", int64(placement.Spec.Locations), 1, int64(in.Spec.MaxLocations))
	for i, key := range placement.Spec.Tolerations {
		errs.CheckEnum(fmt.Sprintf("spec.tolerations[%d]", i), key, in.Spec.AllowedTolerations...)
	}
	return errs
}
""",
        ),
    ),
    tests={
        "placement_decide_test.go": """
func candidates() []PlacementCandidate {
	return []PlacementCandidate{
		{Location: "us-east", Labels: map[string]string{"region": "us"}},
		{Location: "eu-west", Labels: map[string]string{"region": "eu"}},
		{Location: "eu-north", Labels: map[string]string{"region": "eu", "cold": "yes"}},
		{Location: "ap-south", Labels: map[string]string{"region": "ap"}},
	}
}

func TestPlacementDecides(t *testing.T) {
	for _, test := range []struct {
		strategy  PlacementStrategy
		locations int32
		want      []PlacementDecision
		phase     PlacementPhase
	}{
		{PlacementStrategySpread, 2, []PlacementDecision{{Location: "eu-north", Score: 80, Share: 50}, {Location: "eu-west", Score: 70, Share: 50}}, PlacementPhaseBound},
		{PlacementStrategyPack, 2, []PlacementDecision{{Location: "eu-north", Score: 80, Share: 100}, {Location: "eu-west", Score: 70}}, PlacementPhaseBound},
		{PlacementStrategySingleton, 2, []PlacementDecision{{Location: "eu-north", Score: 80, Share: 100}}, PlacementPhaseBound},
	} {
		placement := newPlacement()
		placement.Spec.Strategy, placement.Spec.Locations = test.strategy, test.locations
		placement.Spec.Preferences = []PlacementPreference{
			{Weight: 70, Requirement: PlacementRequirement{Key: "region", Operator: PlacementOperatorIn, Values: []string{"eu"}}},
			{Weight: 10, Requirement: PlacementRequirement{Key: "cold", Operator: PlacementOperatorExists}},
		}
		placement.Decide(candidates())
		if !reflect.DeepEqual(placement.Status.Decisions, test.want) || placement.Status.Phase != test.phase {
			t.Errorf("%s: %s %+v", test.strategy, placement.Status.Phase, placement.Status.Decisions)
		}
	}
}

func TestPlacementWithTooFewLocations(t *testing.T) {
	placement := newPlacement()
	placement.Spec.Locations = 4
	placement.Decide(candidates())
	if placement.Status.Phase != PlacementPhaseUnschedulable || len(placement.Status.Decisions) != 3 {
		t.Errorf("%s with %d locations", placement.Status.Phase, len(placement.Status.Decisions))
	}
	if placement.Status.Decisions[0].Share != 34 {
		t.Errorf("the rest of 100/3 went elsewhere: %+v", placement.Status.Decisions)
	}
}

func TestPlacementRequirementHolds(t *testing.T) {
	labels := map[string]string{"region": "eu"}
	for _, test := range []struct {
		requirement PlacementRequirement
		want        bool
	}{
		{PlacementRequirement{Key: "region", Operator: PlacementOperatorIn, Values: []string{"eu"}}, true},
		{PlacementRequirement{Key: "region", Operator: PlacementOperatorNotIn, Values: []string{"eu"}}, false},
		{PlacementRequirement{Key: "zone", Operator: PlacementOperatorNotIn, Values: []string{"a"}}, true},
		{PlacementRequirement{Key: "zone", Operator: PlacementOperatorExists}, false},
	} {
		if got := test.requirement.Holds(labels); got != test.want {
			t.Errorf("%+v: %v", test.requirement, got)
		}
	}
}

func TestPlacementPolicyRefuses(t *testing.T) {
	policy, placement := newPlacementPolicy(), newPlacement()
	if errs := policy.Refusals(placement); len(errs) != 0 {
		t.Errorf("refused: %v", errs)
	}
	placement.Spec.Locations, placement.Spec.Tolerations = 9, []string{"other"}
	if errs := policy.Refusals(placement); !errs.Has("spec.locations") || !errs.Has("spec.tolerations[0]") {
		t.Errorf("allowed what it does not allow: %v", errs)
	}
}
"""
    },
)

BRANCHES = (SYNCTARGET, APIRESOURCE, PLACEMENT)
