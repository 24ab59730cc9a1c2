"""Branch 5.2.1: distribution types."""

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

BRANCH = Branch(
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
