package decision

import (
	"context"
	"testing"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

type listener struct {
	reasons []placement.PlacementReason
	failed  int
}

func (l *listener) Decided(_ *placementv1alpha1.Placement, reasons []placement.PlacementReason) {
	l.reasons = reasons
}

func (l *listener) Failed(*placementv1alpha1.Placement, error) { l.failed++ }

func target(location string, used int64) workloadv1alpha1.SyncTarget {
	out := workloadv1alpha1.SyncTarget{}
	out.Name, out.Spec.Location, out.Status.Phase = "at-"+location, location, workloadv1alpha1.SyncTargetPhaseReady
	out.Spec = workloadv1alpha1.SyncTargetSpec{
		Endpoint: "https://edge.example.com", Location: location,
		Credential: workloadv1alpha1.SyncTargetCredential{Type: "Token", SecretName: "edge", RotateAfterHours: 24},
		Cells:      []workloadv1alpha1.SyncTargetCell{{Name: "a", Weight: 1}},
	}
	out.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 100, MemoryBytes: 100}
	out.Status.Allocated = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: used}
	return out
}

var budget = placement.PlacementBudget{Candidates: 10, TimeoutMillis: 10000}

func maker(t *testing.T, store *synctarget.Store, expression string, heard placement.PlacementObserver) *Maker {
	t.Helper()
	one, err := NewMaker(discovery.NewWorkspaceDiscoverer(store, nil), expression, budget, 2, heard)
	if err != nil {
		t.Fatal(err)
	}
	return one
}

func asked(locations int32, strategy placementv1alpha1.PlacementStrategy) *placementv1alpha1.Placement {
	out := &placementv1alpha1.Placement{}
	out.Generation, out.Spec.Locations, out.Spec.Strategy = 4, locations, strategy
	return out
}

func locations(of *placementv1alpha1.Placement) string {
	out := ""
	for _, one := range of.Status.Decisions {
		out += one.Location + " "
	}
	return out
}

func TestADecisionStaysUntilAnotherIsClearlyBetter(t *testing.T) {
	store := synctarget.NewStore(target("asia", 50), target("eu-west", 10))
	one := maker(t, store, "", nil)
	web := asked(1, placementv1alpha1.PlacementStrategySingleton)
	for _, step := range []struct {
		usedInEurope int64
		want         string
	}{{10, "eu-west "}, {60, "eu-west "}, {90, "asia "}, {40, "asia "}} {
		europe := target("eu-west", step.usedInEurope)
		if err := store.Put(&europe); err != nil {
			t.Fatal(err)
		}
		if err := one.Decide(context.Background(), web); err != nil || locations(web) != step.want {
			t.Errorf("%d%%: %s, %v, want %s", step.usedInEurope, locations(web), err, step.want)
		}
	}
}

func TestPolicyStrategyAndReasons(t *testing.T) {
	store := synctarget.NewStore(target("asia", 0), target("eu-west", 10), target("us-east", 20), target("us-west", 30))
	heard := &listener{}
	web := asked(3, placementv1alpha1.PlacementStrategySpread)
	if err := maker(t, store, `location != "asia"`, heard).Decide(context.Background(), web); err != nil {
		t.Fatal(err)
	}
	if locations(web) != "eu-west us-east us-west " || web.Status.Decisions[0].Share != 34 || web.Status.Decisions[2].Share != 33 {
		t.Errorf("%+v", web.Status)
	}
	if web.Status.Phase != placementv1alpha1.PlacementPhaseBound || web.Status.ObservedGeneration != 4 {
		t.Errorf("%+v", web.Status)
	}
	if len(heard.reasons) != 4 || heard.reasons[0].Chosen || heard.reasons[0].By != "policy" || !heard.reasons[1].Chosen {
		t.Errorf("%+v", heard.reasons)
	}
	packed := asked(9, placementv1alpha1.PlacementStrategyPack)
	if err := maker(t, store, "", nil).Decide(context.Background(), packed); err != nil {
		t.Fatal(err)
	}
	if packed.Status.Phase != placementv1alpha1.PlacementPhaseUnschedulable || packed.Status.Decisions[0].Share != 100 {
		t.Errorf("%+v", packed.Status)
	}
}

func TestFailuresAreHeard(t *testing.T) {
	heard := &listener{}
	one := maker(t, synctarget.NewStore(target("asia", 0)), "", heard)
	ended, stop := context.WithCancel(context.Background())
	stop()
	if err := one.Decide(ended, asked(1, "")); !placement.IsPlacementRetryable(err) || heard.failed != 1 {
		t.Errorf("%v", err)
	}
	if _, err := NewMaker(nil, "cpu <", budget, 0, nil); err == nil || placement.IsPlacementRetryable(err) {
		t.Errorf("%v", err)
	}
}
