"""Branch 5.3.2: placement interfaces. No implementation: contracts, their data, their errors."""

from __future__ import annotations

from kcpagent.contracts import CTX, Data, Interface, Package, contract_branch
from kcpagent.model import DNS, flag, num, text

PACKAGE = Package(
    prefix="Placement",
    doc="Package placement holds the contracts of the placement engine, which decides where workloads run.",
    operations=("Collect", "Filter", "Score", "Bind", "Distribute"),
    interfaces=(
        Interface(
            "PlacementInventory",
            "knows the locations there are.",
            {
                f"Candidates({CTX}) ([]placementv1alpha1.PlacementCandidate, error)": "lists the locations with at least one schedulable target, sorted by name.",
                f"Targets({CTX}, location string) ([]workloadv1alpha1.SyncTarget, error)": "lists the targets of a location, sorted by name. A location nobody knows has none.",
                f"Load({CTX}, location string) (PlacementLoad, error)": "is how full a location is; an estimate, at most a minute old.",
            },
        ),
        Interface(
            "PlacementFilter",
            "takes away locations that must not be used.",
            {
                "Name() string": "names the filter in reasons.",
                f"Filter({CTX}, placement *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate) (bool, string)": "says whether the candidate may stay and, if not, why, in words for people. It must not depend on other candidates.",
            },
        ),
        Interface(
            "PlacementScorer",
            "ranks the locations that are left.",
            {
                "Name() string": "names the scorer in reasons.",
                f"Score({CTX}, placement *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate) (PlacementScore, error)": "rates one candidate. Equal arguments give equal scores.",
            },
        ),
        Interface(
            "PlacementBinder",
            "writes decisions down.",
            {
                f"Bind({CTX}, placement *placementv1alpha1.Placement, decisions []placementv1alpha1.PlacementDecision) error": "replaces all decisions of the placement at once. Binding what is bound already changes nothing.",
                f"Release({CTX}, placement *placementv1alpha1.Placement) error": "takes all decisions back. Workloads stay until others have taken over.",
            },
        ),
        Interface(
            "PlacementDistributor",
            "turns decisions into distributions.",
            {
                f"Distribute({CTX}, decisions []placementv1alpha1.PlacementDecision, distribution *workloadv1alpha1.Distribution) error": "computes the targets of a distribution. The replicas of all targets together are those that are wanted, unless overridden.",
                f"Settled({CTX}, distribution *workloadv1alpha1.Distribution) (bool, error)": "says whether every target runs what it should.",
            },
        ),
        Interface(
            "PlacementObserver",
            "hears what the engine does.",
            {
                "Decided(placement *placementv1alpha1.Placement, reasons []PlacementReason)": "is called after every decision, in the order they are made. It must not block.",
                "Failed(placement *placementv1alpha1.Placement, err error)": "is called when no decision could be made.",
            },
        ),
    ),
    data=(
        Data(
            "PlacementLoad",
            "is how full a location is.",
            (
                text("Location", "is the location.", "eu-west", max=63, pattern=DNS),
                num("CPUPercent", "is the processor time promised, in percent.", 40, 0, 1000),
                num("MemoryPercent", "is the memory promised, in percent.", 60, 0, 1000),
            ),
        ),
        Data(
            "PlacementScore",
            "rates one candidate.",
            (
                text("Scorer", "is who rated.", "labels", max=63, pattern=DNS),
                text("Location", "is what was rated.", "eu-west", max=63, pattern=DNS),
                num("Points", "are better when higher.", 70, -10000, 10000),
            ),
        ),
        Data(
            "PlacementReason",
            "says why a location was or was not chosen.",
            (
                text("Location", "is the location.", "eu-west", max=63, pattern=DNS),
                text("By", "is the filter or scorer that decided.", "labels", max=63, pattern=DNS),
                flag("Chosen", "says whether the location was chosen."),
                text("Message", "says why, in words for people.", "best score", max=1024),
            ),
        ),
        Data(
            "PlacementBudget",
            "bounds one decision.",
            (
                num("Candidates", "is the most locations that are looked at.", 256, 1, 10000),
                num("TimeoutMillis", "is the longest a decision may take, in milliseconds.", 500, 1, 60000),
            ),
        ),
    ),
)

TEST = f"""
// Filters and scorers play together through the contracts alone.
func TestPlacementContractsFitTogether(t *testing.T) {{
	ctx := context.Background()
	var inventory PlacementInventory = doublePlacementInventory{{
		onCandidates: func({CTX}) ([]placementv1alpha1.PlacementCandidate, error) {{
			return []placementv1alpha1.PlacementCandidate{{{{Location: "eu-west"}}, {{Location: "us-east"}}}}, nil
		}},
	}}
	var filter PlacementFilter = doublePlacementFilter{{
		onFilter: func({CTX}, p *placementv1alpha1.Placement, c placementv1alpha1.PlacementCandidate) (bool, string) {{
			return c.Location != "us-east", "far away"
		}},
	}}
	var left []placementv1alpha1.PlacementCandidate
	candidates, err := inventory.Candidates(ctx)
	if err != nil {{
		t.Fatal(err)
	}}
	placement := &placementv1alpha1.Placement{{}}
	for _, candidate := range candidates {{
		if stays, _ := filter.Filter(ctx, placement, candidate); stays {{
			left = append(left, candidate)
		}}
	}}
	placement.Spec.Locations = 1
	placement.Decide(left)
	if len(placement.Status.Decisions) != 1 || placement.Status.Decisions[0].Location != "eu-west" {{
		t.Errorf("%+v", placement.Status.Decisions)
	}}
}}

// A distributor can be written on the types alone.
func TestPlacementDistributes(t *testing.T) {{
	target := workloadv1alpha1.SyncTarget{{}}
	target.Name, target.Spec.Location, target.Status.Phase = "edge-1", "eu-west", workloadv1alpha1.SyncTargetPhaseReady
	var distributor PlacementDistributor = doublePlacementDistributor{{
		onDistribute: func({CTX}, decisions []placementv1alpha1.PlacementDecision, d *workloadv1alpha1.Distribution) error {{
			d.Distribute(decisions, []workloadv1alpha1.SyncTarget{{target}})
			return nil
		}},
	}}
	distribution := &workloadv1alpha1.Distribution{{}}
	distribution.Spec.Replicas = 3
	decisions := []placementv1alpha1.PlacementDecision{{{{Location: "eu-west", Share: 100}}}}
	if err := distributor.Distribute(context.Background(), decisions, distribution); err != nil {{
		t.Fatal(err)
	}}
	if got := distribution.Status.Targets; len(got) != 1 || got[0].Replicas != 3 {{
		t.Errorf("%+v", got)
	}}
}}
"""


BRANCH = contract_branch(
    "5.3.2",
    "Add Placement interfaces",
    "placement",
    PACKAGE,
    TEST,
    ("5.1.3", "pkg/apis/placement/v1alpha1", "Placement"),
    ("5.2.1", "pkg/apis/workload/v1alpha1", "Distribution"),
)
