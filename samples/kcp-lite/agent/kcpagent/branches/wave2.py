"""Wave 2: what builds on the core API groups."""

from __future__ import annotations

from kcpagent.model import (
    CAMEL,
    DNS,
    Branch,
    Enum,
    Field,
    Kind,
    Struct,
    TypesFile,
    choice,
    conditions,
    flag,
    many,
    num,
    one,
    selector,
    strings,
    text,
)

_WORKLOAD = "pkg/apis/workload/v1alpha1"
_SYNCTARGET = ("5.1.1", _WORKLOAD, "SyncTarget")

_STATE = Enum(
    "DistributionState",
    "is how far a distribution got at one target.",
    {
        "Waiting": "has not been taken up.",
        "Progressing": "is being rolled out.",
        "Settled": "runs as wanted.",
        "Failed": "could not be rolled out.",
    },
)
_STRATEGY = Field(
    "Strategy",
    "placementv1alpha1.PlacementStrategy",
    "is how replicas are spread over targets.",
    "placementv1alpha1.PlacementStrategySpread",
    enum=("Spread", "Pack", "Singleton"),
    default="Spread",
)
_DECISIONS = Field(
    "Decisions",
    "[]placementv1alpha1.PlacementDecision",
    "are the placement's choices that were distributed.",
    '[]placementv1alpha1.PlacementDecision{{Location: "eu-west", Score: 70, Share: 100}}',
    None,
    32,
    key="Location",
    nested=True,
    optional=True,
)

DISTRIBUTION = Branch(
    id="5.2.1",
    subject="Add Workload Distribution types",
    package=_WORKLOAD,
    area="distribution",
    needs=(_SYNCTARGET, ("5.1.3", "pkg/apis/placement/v1alpha1", "PlacementDecision")),
    files=(
        TypesFile(
            "types_distribution.go",
            (
                _STATE,
                Kind(
                    "Distribution",
                    "spreads one workload over the targets that a placement chose.",
                    "distributions",
                    "dist",
                    scope="Namespaced",
                    columns=(
                        ("Replicas", "integer", ".spec.replicas"),
                        ("Settled", "integer", ".status.settledReplicas"),
                    ),
                    spec=(
                        text("PlacementName", "is the placement that chooses the locations.", "web", pattern=DNS),
                        one("Workload", "DistributionWorkload", "is what is distributed."),
                        num("Replicas", "is how many replicas run in all.", 6, 0, 100000),
                        _STRATEGY,
                        one("Rollout", "DistributionRollout", "bounds how fast changes reach targets.", optional=True),
                        many(
                            "Overrides",
                            "DistributionOverride",
                            "replace the computed share of single targets.",
                            max=64,
                            key="Target",
                        ),
                    ),
                    status=(
                        many(
                            "Targets",
                            "DistributionTarget",
                            "are the targets with their replicas.",
                            max=64,
                            key="Target",
                        ),
                        _DECISIONS,
                        num("SettledReplicas", "is how many replicas run as wanted.", 6, 0, 100000),
                        conditions(),
                    ),
                ),
                Struct(
                    "DistributionWorkload",
                    "names a workload.",
                    (
                        text("Kind", "is the workload's kind.", "Deployment", max=63, pattern=CAMEL),
                        text("Name", "is the workload's name.", "web", pattern=DNS),
                    ),
                ),
            ),
            code="""
// Distribute computes the targets from decisions and the sync targets at their locations. Shares are rounded
// so that they add up; a location's replicas go to its schedulable targets in the order of their names.
func (in *Distribution) Distribute(decisions []placementv1alpha1.PlacementDecision, targets []SyncTarget) {
	in.Status.Decisions = decisions
	in.Status.Targets = nil
	left := in.Spec.Replicas
	for i, decision := range decisions {
		replicas := in.Spec.Replicas * decision.Share / 100
		if i == len(decisions)-1 {
			replicas = left
		}
		left -= replicas
		in.Status.Targets = append(in.Status.Targets, spreadDistribution(schedulableAt(decision.Location, targets), replicas)...)
	}
	in.override()
}

func schedulableAt(location string, targets []SyncTarget) []string {
	var names []string
	for i := range targets {
		if targets[i].Spec.Location == location && targets[i].IsSchedulable() {
			names = append(names, targets[i].Name)
		}
	}
	sort.Strings(names)
	return names
}

func spreadDistribution(names []string, replicas int32) []DistributionTarget {
	out := make([]DistributionTarget, len(names))
	for i, name := range names {
		share := replicas / int32(len(names))
		if int32(i) < replicas%int32(len(names)) {
			share++
		}
		out[i] = DistributionTarget{Target: name, Replicas: share, State: DistributionStateWaiting}
	}
	return out
}

func (in *Distribution) override() {
	for _, override := range in.Spec.Overrides {
		for i := range in.Status.Targets {
			if in.Status.Targets[i].Target == override.Target {
				in.Status.Targets[i].Replicas = override.Replicas
			}
		}
	}
}
""",
        ),
        TypesFile(
            "types_distribution_rollout.go",
            (
                Struct(
                    "DistributionRollout",
                    "bounds how fast changes reach targets.",
                    (
                        num("MaxUnavailable", "is how many replicas may be missing meanwhile, in percent.", 25, 0, 100),
                        num("Batch", "is how many targets change at a time.", 1, 1, 64),
                        num("PauseSeconds", "is the rest between two batches, in seconds.", 30, 0, 3600),
                        flag("StopOnFailure", "leaves all other targets as they are when one fails."),
                    ),
                ),
                Struct(
                    "DistributionOverride",
                    "replaces the computed share of one target.",
                    (
                        text("Target", "is the sync target.", "edge-1", pattern=DNS),
                        num("Replicas", "is how many replicas it runs.", 4, 0, 100000),
                        text("Reason", "says why.", "more memory", max=1024),
                    ),
                ),
                Struct(
                    "DistributionTarget",
                    "is one target with its replicas.",
                    (
                        text("Target", "is the sync target.", "edge-1", pattern=DNS),
                        num("Replicas", "is how many replicas it should run.", 6, 0, 100000),
                        choice("State", _STATE, "is how far it got."),
                        text("Message", "says what went wrong.", "image missing", max=1024, optional=True),
                    ),
                ),
            ),
            code="""
// NextBatch names the targets that may change now: none while one that must stop the rollout has failed.
func (in *Distribution) NextBatch() []string {
	rollout := in.Spec.Rollout
	if rollout == nil {
		rollout = &DistributionRollout{Batch: 64}
	}
	var next []string
	room := int(rollout.Batch)
	for _, target := range in.Status.Targets {
		switch target.State {
		case DistributionStateFailed:
			if rollout.StopOnFailure {
				return nil
			}
		case DistributionStateProgressing:
			room--
		case DistributionStateWaiting:
			next = append(next, target.Target)
		}
	}
	if room < 0 {
		room = 0
	}
	if len(next) > room {
		next = next[:room]
	}
	return next
}
""",
        ),
    ),
    tests={
        "distribution_spread_test.go": """
func targetsAt(names ...string) []SyncTarget {
	targets := make([]SyncTarget, len(names))
	for i, name := range names {
		targets[i] = *newSyncTarget()
		targets[i].Name, targets[i].Spec.Unschedulable, targets[i].Status.Phase = name, false, SyncTargetPhaseReady
	}
	return targets
}

func TestDistributionAddsUp(t *testing.T) {
	for _, replicas := range []int32{0, 1, 5, 7, 100} {
		distribution := newDistribution()
		distribution.Spec.Replicas, distribution.Spec.Overrides = replicas, nil
		distribution.Distribute(distribution.Status.Decisions, targetsAt("edge-3", "edge-1", "edge-2"))
		var sum int32
		for _, target := range distribution.Status.Targets {
			sum += target.Replicas
		}
		if sum != replicas || distribution.Status.Targets[0].Target != "edge-1" {
			t.Errorf("%d replicas became %d: %+v", replicas, sum, distribution.Status.Targets)
		}
	}
}

func TestDistributionOverridesAndSkips(t *testing.T) {
	targets := targetsAt("edge-1", "edge-2")
	targets[1].Spec.Unschedulable = true
	distribution := newDistribution()
	distribution.Distribute(distribution.Status.Decisions, targets)
	if got := distribution.Status.Targets; len(got) != 1 || got[0].Replicas != 4 {
		t.Errorf("edge-1 is overridden to 4 and edge-2 unschedulable: %+v", got)
	}
}

func TestDistributionNextBatch(t *testing.T) {
	distribution := newDistribution()
	distribution.Status.Targets = spreadDistribution([]string{"a", "b", "c"}, 3)
	if next := distribution.NextBatch(); !reflect.DeepEqual(next, []string{"a"}) {
		t.Errorf("a batch is one target, not %v", next)
	}
	distribution.Status.Targets[0].State = DistributionStateProgressing
	if next := distribution.NextBatch(); len(next) != 0 {
		t.Errorf("there is no room beside a target in progress: %v", next)
	}
	distribution.Status.Targets[0].State = DistributionStateFailed
	if next := distribution.NextBatch(); next != nil {
		t.Errorf("a failure stops the rollout: %v", next)
	}
	distribution.Spec.Rollout = nil
	if next := distribution.NextBatch(); len(next) != 2 {
		t.Errorf("without bounds all may change: %v", next)
	}
}
"""
    },
)

_OP = Enum(
    "TransformOperation",
    "is what a rule does to a field.",
    {
        "Set": "gives the field a value.",
        "Remove": "takes the field away.",
        "Copy": "takes the value of another field.",
        "Default": "gives the field a value where it has none.",
    },
)
_ERROR = Enum(
    "TransformErrorPolicy",
    "is what happens when a rule cannot be applied.",
    {
        "Fail": "leaves the object untouched.",
        "Skip": "goes on with the next rule.",
    },
)

TRANSFORM = Branch(
    id="5.2.2",
    subject="Add Transformation types",
    package=_WORKLOAD,
    area="transform",
    needs=(_SYNCTARGET,),
    files=(
        TypesFile(
            "types_transform.go",
            (
                _OP,
                _ERROR,
                Kind(
                    "Transform",
                    "changes objects on their way to a sync target.",
                    "transforms",
                    "tf",
                    scope="Namespaced",
                    columns=(("Priority", "integer", ".spec.priority"),),
                    spec=(
                        selector("TargetSelector", "selects the sync targets; none means all."),
                        one("Match", "TransformMatch", "says which objects are changed."),
                        many("Rules", "TransformRule", "are applied in their order.", min=1, max=64, key="Name"),
                        num("Priority", "orders transforms, the smaller number first.", 100, 0, 1000),
                        choice("OnError", _ERROR, "is what happens when a rule cannot be applied.", default="Fail"),
                        flag("Suspended", "switches the transform off."),
                    ),
                    status=(
                        num("Applied", "is how many objects were changed.", 12, 0, 1 << 40, "int64"),
                        many("Failures", "TransformFailure", "are the newest failures.", max=16),
                        conditions(),
                    ),
                ),
                Struct(
                    "TransformMatch",
                    "says which objects a transform changes.",
                    (
                        text(
                            "Group",
                            "is the API group; empty for the core group.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        text("Kind", "is the kind of the objects.", "Deployment", max=63, pattern=CAMEL),
                        strings("Namespaces", "are the namespaces; none means all.", "web shop", max=64),
                    ),
                ),
                Struct(
                    "TransformRule",
                    "changes one field.",
                    (
                        text("Name", "is unique within the transform.", "registry", max=63, pattern=DNS),
                        choice("Operation", _OP, "is what is done."),
                        text("Path", "is the field as JSON path.", "spec.image", max=512, pattern=r"^[A-Za-z0-9.]+$"),
                        text(
                            "From",
                            "is the field that Copy takes the value of.",
                            "spec.mirror",
                            max=512,
                            pattern=r"^[A-Za-z0-9.]+$",
                            optional=True,
                        ),
                        text(
                            "Value",
                            "is what Set and Default write.",
                            "registry.example.com/web",
                            max=4096,
                            optional=True,
                        ),
                    ),
                ),
                Struct(
                    "TransformFailure",
                    "is one object that could not be changed.",
                    (
                        text("Object", "is the object's name.", "web/front", max=512),
                        text("Rule", "is the rule that failed.", "registry", max=63, pattern=DNS),
                        text("Message", "says what went wrong.", "spec.mirror is missing", max=1024),
                    ),
                ),
            ),
            code="""
// Selects says whether the transform is in force for a sync target.
func (in *Transform) Selects(target *SyncTarget) bool {
	return !in.Spec.Suspended && (in.Spec.TargetSelector == nil || in.Spec.TargetSelector.Matches(target.Spec.Labels))
}

// Matches says whether objects of a kind in a namespace are changed.
func (in *TransformMatch) Matches(group, kind, namespace string) bool {
	if group != in.Group || kind != in.Kind {
		return false
	}
	for _, one := range in.Namespaces {
		if one == namespace {
			return true
		}
	}
	return len(in.Namespaces) == 0
}

// Apply changes a flat object (JSON path to value) and gives the result; the object given is never touched.
func (in *Transform) Apply(name string, object map[string]string) (map[string]string, []TransformFailure) {
	out := make(map[string]string, len(object))
	for path, value := range object {
		out[path] = value
	}
	var failures []TransformFailure
	for _, rule := range in.Spec.Rules {
		if err := rule.apply(out); err != nil {
			failures = append(failures, TransformFailure{Object: name, Rule: rule.Name, Message: err.Error()})
			if in.Spec.OnError != TransformErrorPolicySkip {
				return object, failures
			}
		}
	}
	return out, failures
}

func (in *TransformRule) apply(object map[string]string) error {
	_, present := object[in.Path]
	switch in.Operation {
	case TransformOperationSet:
		object[in.Path] = in.Value
	case TransformOperationRemove:
		delete(object, in.Path)
	case TransformOperationDefault:
		if !present {
			object[in.Path] = in.Value
		}
	case TransformOperationCopy:
		value, found := object[in.From]
		if !found {
			return fmt.Errorf("%s is missing", in.From)
		}
		object[in.Path] = value
	default:
		return fmt.Errorf("unknown operation %q", in.Operation)
	}
	return nil
}

// SortTransforms brings transforms into the order they are applied in: priority, then name.
func SortTransforms(transforms []Transform) {
	sort.SliceStable(transforms, func(i, j int) bool {
		a, b := &transforms[i], &transforms[j]
		if a.Spec.Priority != b.Spec.Priority {
			return a.Spec.Priority < b.Spec.Priority
		}
		return a.Name < b.Name
	})
}
""",
        ),
    ),
    tests={
        "transform_apply_test.go": """
func TestTransformApplies(t *testing.T) {
	object := map[string]string{"spec.image": "web", "spec.mirror": "mirror/web", "spec.debug": "true"}
	transform := newTransform()
	transform.Spec.Rules = []TransformRule{
		{Name: "copy", Operation: TransformOperationCopy, Path: "spec.image", From: "spec.mirror"},
		{Name: "remove", Operation: TransformOperationRemove, Path: "spec.debug"},
		{Name: "default", Operation: TransformOperationDefault, Path: "spec.image", Value: "other"},
		{Name: "set", Operation: TransformOperationSet, Path: "spec.zone", Value: "a"},
	}
	got, failures := transform.Apply("web", object)
	want := map[string]string{"spec.image": "mirror/web", "spec.mirror": "mirror/web", "spec.zone": "a"}
	if !reflect.DeepEqual(got, want) || len(failures) != 0 {
		t.Errorf("%v, failures %v", got, failures)
	}
	if object["spec.image"] != "web" || object["spec.debug"] != "true" {
		t.Errorf("the object given was touched: %v", object)
	}
}

func TestTransformFailsWholeOrSkips(t *testing.T) {
	transform := newTransform()
	transform.Spec.Rules = []TransformRule{
		{Name: "set", Operation: TransformOperationSet, Path: "spec.zone", Value: "a"},
		{Name: "copy", Operation: TransformOperationCopy, Path: "spec.image", From: "spec.mirror"},
	}
	transform.Spec.OnError = TransformErrorPolicyFail
	if got, failures := transform.Apply("web", nil); len(got) != 0 || len(failures) != 1 || failures[0].Rule != "copy" {
		t.Errorf("%v %v", got, failures)
	}
	transform.Spec.OnError = TransformErrorPolicySkip
	if got, failures := transform.Apply("web", nil); got["spec.zone"] != "a" || len(failures) != 1 {
		t.Errorf("%v %v", got, failures)
	}
}

func TestTransformSelectsAndMatches(t *testing.T) {
	transform, target := newTransform(), newSyncTarget()
	if transform.Selects(target) {
		t.Error("a suspended transform is in force")
	}
	transform.Spec.Suspended = false
	if !transform.Selects(target) {
		t.Error("the labels match, the transform is not in force")
	}
	target.Spec.Labels = nil
	if transform.Selects(target) {
		t.Error("the transform is in force for a target it does not select")
	}
	match := transform.Spec.Match
	if !match.Matches("apps", "Deployment", "web") || match.Matches("apps", "Deployment", "other") || match.Matches("", "Pod", "web") {
		t.Error("the wrong objects match")
	}
}

func TestTransformsAreSorted(t *testing.T) {
	transforms := []Transform{*newTransform(), *newTransform(), *newTransform()}
	transforms[0].Name, transforms[1].Name, transforms[2].Spec.Priority = "b", "a", 1
	SortTransforms(transforms)
	if transforms[0].Spec.Priority != 1 || transforms[1].Name != "a" || transforms[2].Name != "b" {
		t.Errorf("%v", transforms)
	}
}
"""
    },
)

_FUNCTION = Enum(
    "StatusFunction",
    "makes one value of the values of all targets.",
    {
        "Sum": "adds numbers up.",
        "Min": "takes the smallest number.",
        "Max": "takes the largest number.",
        "All": "is true when every target says true.",
        "Any": "is true when one target says true.",
    },
)
_HEALTH = Enum(
    "StatusHealth",
    "sums up how a workload is.",
    {
        "Healthy": "means that every target reports, without problems.",
        "Degraded": "means that some targets have problems.",
        "Unknown": "means that no target reports.",
    },
)

STATUS = Branch(
    id="5.2.3",
    subject="Add Status Aggregation types",
    package=_WORKLOAD,
    area="status",
    needs=(_SYNCTARGET,),
    files=(
        TypesFile(
            "types_status.go",
            (
                _FUNCTION,
                _HEALTH,
                Kind(
                    "StatusAggregation",
                    "makes one status of what the sync targets report of a workload.",
                    "statusaggregations",
                    "sagg",
                    scope="Namespaced",
                    columns=(("Health", "string", ".status.health"),),
                    spec=(
                        one(
                            "Workload",
                            "meta.ObjectReference",
                            "is the workload.",
                            'meta.ObjectReference{Kind: "Deployment", Name: "web"}',
                            nested=False,
                        ),
                        many("Rules", "StatusRule", "say how fields are summed up.", min=1, max=64, key="Path"),
                        num("StaleAfterSeconds", "is when a report counts no longer, in seconds.", 120, 1, 86400),
                    ),
                    status=(
                        choice("Health", _HEALTH, "sums up how the workload is.", optional=True),
                        many("Values", "StatusValue", "are the fields summed up.", max=64, key="Path"),
                        many("Reports", "StatusReport", "are what single targets say.", max=64, key="Target"),
                        conditions(),
                    ),
                ),
                Struct(
                    "StatusRule",
                    "says how one field is summed up.",
                    (
                        text(
                            "Path",
                            "is the field as JSON path.",
                            "status.readyReplicas",
                            max=512,
                            pattern=r"^[A-Za-z0-9.]+$",
                        ),
                        choice("Function", _FUNCTION, "makes one value of many."),
                    ),
                ),
                Struct(
                    "StatusValue",
                    "is one number at one path; true is 1.",
                    (
                        text("Path", "is the field as JSON path.", "status.readyReplicas", max=512),
                        num("Number", "is the value.", 6, 0, 1 << 40, "int64"),
                    ),
                ),
                Struct(
                    "StatusReport",
                    "is what one target says of the workload.",
                    (
                        text("Target", "is the sync target.", "edge-1", pattern=DNS),
                        Field("Observed", "meta.Time", "is when it was said.", "meta.At(time.Unix(1700000000, 0))"),
                        many("Values", "StatusValue", "are the fields.", max=64, key="Path"),
                        text(
                            "Problem",
                            "says what is wrong at the target; empty when nothing is.",
                            "image missing",
                            max=1024,
                            optional=True,
                        ),
                    ),
                ),
            ),
            code="""
// Aggregate sums up the fresh reports of schedulable and draining targets alike.
func (in *StatusAggregation) Aggregate(reports []StatusReport, now time.Time) {
	in.Status.Reports, in.Status.Values = reports, nil
	fresh := in.fresh(reports, now)
	for _, rule := range in.Spec.Rules {
		var numbers []int64
		for _, report := range fresh {
			for _, value := range report.Values {
				if value.Path == rule.Path {
					numbers = append(numbers, value.Number)
				}
			}
		}
		if len(numbers) > 0 {
			in.Status.Values = append(in.Status.Values, StatusValue{Path: rule.Path, Number: rule.Function.Of(numbers)})
		}
	}
	in.Status.Health = StatusHealthUnknown
	for _, report := range fresh {
		if report.Problem != "" || len(fresh) < len(reports) {
			in.Status.Health = StatusHealthDegraded
			return
		}
		in.Status.Health = StatusHealthHealthy
	}
}

func (in *StatusAggregation) fresh(reports []StatusReport, now time.Time) []StatusReport {
	var out []StatusReport
	for _, report := range reports {
		if now.Sub(report.Observed.Time) <= time.Duration(in.Spec.StaleAfterSeconds)*time.Second {
			out = append(out, report)
		}
	}
	return out
}

// Of applies the function to one or more numbers; truth is any number but 0.
func (f StatusFunction) Of(numbers []int64) int64 {
	result := numbers[0]
	for _, number := range numbers[1:] {
		switch {
		case f == StatusFunctionSum:
			result += number
		case f == StatusFunctionMin || f == StatusFunctionAll:
			if number < result {
				result = number
			}
		case number > result:
			result = number
		}
	}
	if (f == StatusFunctionAll || f == StatusFunctionAny) && result != 0 {
		return 1
	}
	return result
}

// ReportStatus makes the report of a target; one that is not ready reports a problem.
func ReportStatus(target *SyncTarget, now time.Time, values ...StatusValue) StatusReport {
	report := StatusReport{Target: target.Name, Observed: meta.At(now), Values: values}
	if target.Status.Phase != SyncTargetPhaseReady {
		report.Problem = "the target is " + string(target.Status.Phase)
	}
	return report
}
""",
        ),
    ),
    tests={
        "status_aggregate_test.go": """
func TestStatusFunctions(t *testing.T) {
	numbers := []int64{3, 0, 5}
	for function, want := range map[StatusFunction]int64{
		StatusFunctionSum: 8, StatusFunctionMin: 0, StatusFunctionMax: 5, StatusFunctionAll: 0, StatusFunctionAny: 1,
	} {
		if got := function.Of(numbers); got != want {
			t.Errorf("%s of %v is %d, want %d", function, numbers, got, want)
		}
	}
}

func TestStatusAggregates(t *testing.T) {
	now := time.Unix(1700000000, 0)
	target := newSyncTarget()
	target.Status.Phase = SyncTargetPhaseReady
	ready := func(number int64) StatusValue { return StatusValue{Path: "status.readyReplicas", Number: number} }
	first := ReportStatus(target, now, ready(2))
	second := ReportStatus(target, now, ready(3))
	second.Target = "edge-2"
	old := ReportStatus(target, now.Add(-time.Hour), ready(9))
	sick := *target
	sick.Status.Phase = SyncTargetPhaseUnreachable
	for _, test := range []struct {
		name    string
		reports []StatusReport
		want    StatusHealth
		sum     int64
	}{
		{"all report", []StatusReport{first, second}, StatusHealthHealthy, 5},
		{"one is stale", []StatusReport{first, old}, StatusHealthDegraded, 2},
		{"one is sick", []StatusReport{first, ReportStatus(&sick, now, ready(1))}, StatusHealthDegraded, 3},
		{"none reports", nil, StatusHealthUnknown, 0},
	} {
		aggregation := newStatusAggregation()
		aggregation.Aggregate(test.reports, now)
		var sum int64
		for _, value := range aggregation.Status.Values {
			sum += value.Number
		}
		if aggregation.Status.Health != test.want || sum != test.sum {
			t.Errorf("%s: %s with %d, want %s with %d", test.name, aggregation.Status.Health, sum, test.want, test.sum)
		}
	}
}
"""
    },
)

_SCOPE = Enum(
    "DiscoveryScope",
    "is whose APIs are discovered.",
    {
        "Workspace": "looks at one workspace.",
        "Target": "looks at one sync target.",
        "All": "looks at everything.",
    },
)

DISCOVERY = Branch(
    id="5.2.4",
    subject="Add Discovery types",
    package="pkg/apis/apiresource/v1alpha1",
    area="discovery",
    needs=(("5.1.2", "pkg/apis/apiresource/v1alpha1", "APIResource"),),
    files=(
        TypesFile(
            "types_discovery.go",
            (
                _SCOPE,
                Kind(
                    "Discovery",
                    "finds out which APIs there are and keeps the answer.",
                    "discoveries",
                    "disc",
                    columns=(("Resources", "integer", ".status.total"),),
                    spec=(
                        choice("Scope", _SCOPE, "is whose APIs are discovered.", default="Workspace"),
                        text(
                            "Subject",
                            "is the workspace or target; empty for All.",
                            "team-a",
                            pattern=DNS,
                            optional=True,
                        ),
                        many("Filters", "DiscoveryFilter", "choose among the APIs; none means all.", max=32),
                        num("RefreshSeconds", "is how often to look again, in seconds.", 300, 10, 86400),
                    ),
                    status=(
                        many("Groups", "DiscoveryGroup", "are the APIs found, by group.", max=256, key="Name"),
                        num("Total", "is how many resources were found.", 1, 0, 100000),
                        one(
                            "Refreshed",
                            "meta.Time",
                            "is when the answer was found.",
                            "&meta.Time{Time: time.Unix(1700000000, 0).UTC()}",
                            nested=False,
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
                Struct(
                    "DiscoveryFilter",
                    "chooses among APIs.",
                    (
                        text(
                            "Group",
                            "is the API group; empty means all.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        strings("Verbs", "must all be offered.", "get list", max=16),
                        flag("PublishedOnly", "leaves out what workspaces do not see."),
                    ),
                ),
                Struct(
                    "DiscoveryGroup",
                    "is one API group with its resources.",
                    (
                        text("Name", "is the group; `core` for the core group.", "apps", pattern=r"^[a-z0-9.-]+$"),
                        many(
                            "Resources", "DiscoveryResource", "are the group's resources.", min=1, max=512, key="Plural"
                        ),
                    ),
                ),
                Struct(
                    "DiscoveryResource",
                    "is one resource as clients see it.",
                    (
                        text("Plural", "is the name in URLs.", "deployments", max=63, pattern=DNS),
                        text("Kind", "is the name in objects.", "Deployment", max=63, pattern=CAMEL),
                        strings("Versions", "are the versions that any target serves.", "v1", min=1, max=16),
                        strings("Verbs", "are what every target allows.", "get list", max=16),
                        num("Targets", "is how many targets offer it.", 2, 1, 100000),
                    ),
                ),
            ),
            code="""
// Matches says whether a filter chooses an API.
func (in *DiscoveryFilter) Matches(resource *APIResource) bool {
	if in.Group != "" && in.Group != resource.Spec.Name.Group {
		return false
	}
	for _, verb := range in.Verbs {
		if !resource.Allows(verb) {
			return false
		}
	}
	return !in.PublishedOnly || resource.Status.State == APIResourcePublishStatePublished
}

func (in *Discovery) chooses(resource *APIResource) bool {
	if in.Spec.Scope == DiscoveryScopeTarget && resource.Spec.Target != in.Spec.Subject {
		return false
	}
	for i := range in.Spec.Filters {
		if in.Spec.Filters[i].Matches(resource) {
			return true
		}
	}
	return len(in.Spec.Filters) == 0
}

// Refresh finds the answer anew: the same resource of several targets is one, with the versions of any and
// the verbs of all. The answer is sorted, whatever the order of the resources.
func (in *Discovery) Refresh(resources []APIResource, now time.Time) {
	groups := map[string]map[string]*DiscoveryResource{}
	for i := range resources {
		one := &resources[i]
		if !in.chooses(one) {
			continue
		}
		name := one.Spec.Name.Group
		if name == "" {
			name = "core"
		}
		if groups[name] == nil {
			groups[name] = map[string]*DiscoveryResource{}
		}
		groups[name][one.Spec.Name.Plural] = mergeDiscovery(groups[name][one.Spec.Name.Plural], one)
	}
	in.Status.Groups, in.Status.Total = nil, 0
	for name, found := range groups {
		group := DiscoveryGroup{Name: name}
		for _, resource := range found {
			group.Resources = append(group.Resources, *resource)
		}
		sort.Slice(group.Resources, func(i, j int) bool { return group.Resources[i].Plural < group.Resources[j].Plural })
		in.Status.Groups = append(in.Status.Groups, group)
		in.Status.Total += int32(len(group.Resources))
	}
	sort.Slice(in.Status.Groups, func(i, j int) bool { return in.Status.Groups[i].Name < in.Status.Groups[j].Name })
	refreshed := meta.At(now)
	in.Status.Refreshed = &refreshed
}

func mergeDiscovery(known *DiscoveryResource, found *APIResource) *DiscoveryResource {
	if known == nil {
		known = &DiscoveryResource{Plural: found.Spec.Name.Plural, Kind: found.Spec.Name.Kind, Verbs: found.Spec.Verbs}
	}
	var verbs []string
	for _, verb := range known.Verbs {
		if found.Allows(verb) {
			verbs = append(verbs, verb)
		}
	}
	versions := map[string]bool{}
	for _, version := range known.Versions {
		versions[version] = true
	}
	for _, version := range found.Spec.Versions {
		if version.Served && !versions[version.Name] {
			known.Versions = append(known.Versions, version.Name)
		}
	}
	sort.Strings(known.Versions)
	known.Verbs = verbs
	known.Targets++
	return known
}
""",
        ),
    ),
    tests={
        "discovery_refresh_test.go": """
func offered(target string, versions []string, verbs ...string) APIResource {
	resource := *newAPIResource()
	resource.Spec.Target, resource.Spec.Verbs, resource.Spec.Versions = target, verbs, nil
	for _, version := range versions {
		resource.Spec.Versions = append(resource.Spec.Versions, APIResourceVersion{Name: version, Served: true})
	}
	return resource
}

func TestDiscoveryMergesTargets(t *testing.T) {
	discovery := newDiscovery()
	discovery.Spec.Filters = nil
	resources := []APIResource{
		offered("edge-1", []string{"v1"}, "get", "list", "delete"),
		offered("edge-2", []string{"v1", "v1beta1"}, "get", "list"),
	}
	want := []DiscoveryGroup{{Name: "apps", Resources: []DiscoveryResource{{
		Plural: "deployments", Kind: "Deployment", Versions: []string{"v1", "v1beta1"}, Verbs: []string{"get", "list"}, Targets: 2,
	}}}}
	for turn := 0; turn < 2; turn++ {
		discovery.Refresh(resources, time.Unix(1700000000, 0))
		if !reflect.DeepEqual(discovery.Status.Groups, want) || discovery.Status.Total != 1 {
			t.Errorf("%+v", discovery.Status.Groups)
		}
		resources[0], resources[1] = resources[1], resources[0]
	}
}

func TestDiscoveryFilters(t *testing.T) {
	resource := offered("edge-1", []string{"v1"}, "get", "list")
	for _, test := range []struct {
		filter DiscoveryFilter
		want   bool
	}{
		{DiscoveryFilter{}, true},
		{DiscoveryFilter{Group: "apps", Verbs: []string{"get"}}, true},
		{DiscoveryFilter{Group: "batch"}, false},
		{DiscoveryFilter{Verbs: []string{"delete"}}, false},
		{DiscoveryFilter{PublishedOnly: true}, false},
	} {
		if got := test.filter.Matches(&resource); got != test.want {
			t.Errorf("%+v: %v", test.filter, got)
		}
	}
}

func TestDiscoveryOfOneTarget(t *testing.T) {
	discovery := newDiscovery()
	discovery.Spec.Scope, discovery.Spec.Subject, discovery.Spec.Filters = DiscoveryScopeTarget, "edge-2", nil
	discovery.Refresh([]APIResource{offered("edge-1", []string{"v1"}, "get")}, time.Unix(1700000000, 0))
	if discovery.Status.Total != 0 {
		t.Errorf("found %+v, which edge-2 does not offer", discovery.Status.Groups)
	}
}
"""
    },
)

BRANCHES = (DISTRIBUTION, TRANSFORM, STATUS, DISCOVERY)
