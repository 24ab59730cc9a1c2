package binding

import (
	"context"
	"testing"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/placement/crossworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

var ctx = context.Background()

func bound(t *testing.T) *Controller {
	t.Helper()
	var targets []workloadv1alpha1.SyncTarget
	for name, location := range map[string]string{"edge-1": "eu-west", "edge-2": "eu-west", "edge-3": "asia"} {
		one := workloadv1alpha1.SyncTarget{}
		one.Name, one.Spec.Location, one.Status.Phase = name, location, workloadv1alpha1.SyncTargetPhaseReady
		targets = append(targets, one)
	}
	store := synctarget.NewStore(targets...)
	placements := crossworkspace.NewController(store, syncer.SyncerBackoff{}, nil)
	asked := &placementv1alpha1.Placement{}
	asked.Name = "everywhere"
	asked.Spec = placementv1alpha1.PlacementSpec{PolicyName: "gold", Strategy: "Spread", Locations: 2}
	asked.Status.Decisions = []placementv1alpha1.PlacementDecision{{Location: "eu-west", Share: 60}, {Location: "asia", Share: 40}}
	if err := placements.Put("team-a", asked); err != nil {
		t.Fatal(err)
	}
	one := NewController("team-a", placements, discovery.NewWorkspaceDiscoverer(store, nil))
	web := &workloadv1alpha1.Distribution{}
	web.Name, web.Spec.PlacementName, web.Spec.Replicas = "web", "everywhere", 10
	if err := one.Put(ctx, web); err != nil {
		t.Fatal(err)
	}
	return one
}

func TestReplicasGoWhereTheDecisionsSay(t *testing.T) {
	one := bound(t)
	web, _ := one.Get("web")
	want := map[string]int32{"edge-1": 3, "edge-2": 3, "edge-3": 4}
	for _, target := range web.Status.Targets {
		if target.Replicas != want[target.Target] {
			t.Errorf("%+v", target)
		}
	}
	for name := range want {
		if settled, err := one.Settled(ctx, web); settled || err != nil {
			t.Errorf("settled before %s: %v", name, err)
		}
		one.Observe("web", name, workloadv1alpha1.DistributionStateSettled, "")
		web, _ = one.Get("web")
	}
	if settled, err := one.Settled(ctx, web); !settled || err != nil || web.Status.SettledReplicas != 10 {
		t.Errorf("%+v: %v", web.Status, err)
	}
}

func TestBindingAgainKeepsWhatIsSettled(t *testing.T) {
	one := bound(t)
	one.Observe("web", "edge-1", workloadv1alpha1.DistributionStateSettled, "")
	one.Observe("web", "edge-3", workloadv1alpha1.DistributionStateSettled, "")
	web, _ := one.Get("web")
	placed := &placementv1alpha1.Placement{}
	placed.Name = "everywhere"
	if err := one.Bind(ctx, placed, web.Status.Decisions); err != nil {
		t.Fatal(err)
	}
	only := []placementv1alpha1.PlacementDecision{{Location: "asia", Share: 100}}
	for _, step := range []struct {
		decisions []placementv1alpha1.PlacementDecision
		targets   int
		state     workloadv1alpha1.DistributionState
	}{{web.Status.Decisions, 3, workloadv1alpha1.DistributionStateSettled}, {only, 1, workloadv1alpha1.DistributionStateWaiting}} {
		if err := one.Bind(ctx, placed, step.decisions); err != nil {
			t.Fatal(err)
		}
		after, _ := one.Get("web")
		last := after.Status.Targets[len(after.Status.Targets)-1]
		if len(after.Status.Targets) != step.targets || last.Target != "edge-3" || last.State != step.state {
			t.Errorf("%+v", after.Status.Targets)
		}
	}
	if err := one.Release(ctx, placed); err != nil {
		t.Fatal(err)
	}
	if after, _ := one.Get("web"); after.Status.Decisions != nil || len(after.Status.Targets) != 1 {
		t.Errorf("%+v", after.Status)
	}
}

func TestFailuresSayWhere(t *testing.T) {
	one := bound(t)
	one.Observe("web", "edge-2", workloadv1alpha1.DistributionStateFailed, "image is missing")
	web, _ := one.Get("web")
	if _, err := one.Settled(ctx, web); err == nil || err.Error() != "Distribute web: edge-2: image is missing" {
		t.Errorf("%v", err)
	}
	lost := &workloadv1alpha1.Distribution{}
	lost.Name, lost.Spec.PlacementName = "lost", "nowhere"
	if err := one.Put(ctx, lost); err == nil {
		t.Error("a distribution of no placement was bound")
	}
}
