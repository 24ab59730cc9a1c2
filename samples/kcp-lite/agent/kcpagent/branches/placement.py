"""Branch 5.1.3: placement types."""

from __future__ import annotations

from kcpagent.model import (
    DNS,
    Branch,
    Enum,
    Kind,
    Struct,
    TypesFile,
    choice,
    conditions,
    many,
    num,
    one,
    selector,
    strings,
    text,
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

BRANCH = Branch(
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
