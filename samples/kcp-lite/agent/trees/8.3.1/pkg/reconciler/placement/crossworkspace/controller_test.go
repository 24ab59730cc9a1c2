package crossworkspace

import (
	"context"
	"testing"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/placement/decision"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func target(name, location string) *workloadv1alpha1.SyncTarget {
	out := &workloadv1alpha1.SyncTarget{}
	out.Name = name
	out.Spec = workloadv1alpha1.SyncTargetSpec{
		Endpoint: "https://edge.example.com", Location: location,
		Credential: workloadv1alpha1.SyncTargetCredential{Type: "Token", SecretName: "edge", RotateAfterHours: 24},
		Cells:      []workloadv1alpha1.SyncTargetCell{{Name: "a", Weight: 1}},
	}
	out.Status.Phase = workloadv1alpha1.SyncTargetPhaseReady
	return out
}

func asked(name string) *placementv1alpha1.Placement {
	out := &placementv1alpha1.Placement{}
	out.Name = name
	out.Spec = placementv1alpha1.PlacementSpec{PolicyName: "gold", Strategy: "Spread", Locations: 1}
	return out
}

func controller(t *testing.T, store *synctarget.Store, moved *[]string) *Controller {
	t.Helper()
	one := NewController(store, syncer.SyncerBackoff{}, func(workspace string, decided *placementv1alpha1.Placement) {
		*moved = append(*moved, workspace+"/"+decided.Name)
	})
	budget := placement.PlacementBudget{Candidates: 10, TimeoutMillis: 10000}
	for workspace, policy := range map[string]string{"team-a": "", "team-b": `location == "asia"`} {
		maker, err := decision.NewMaker(discovery.NewWorkspaceDiscoverer(store, nil), policy, budget, 0, nil)
		if err != nil {
			t.Fatal(err)
		}
		one.AddWorkspace(workspace, maker)
	}
	return one
}

func TestPlacementsFollowTheTargets(t *testing.T) {
	ctx, store := context.Background(), synctarget.NewStore(*target("edge-1", "eu-west"))
	var moved []string
	one := controller(t, store, &moved)
	for _, workspace := range []string{"team-a", "team-b"} {
		if err := one.Put(workspace, asked("web")); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	a, _ := one.Get("team-a", "web")
	b, _ := one.Get("team-b", "web")
	if a.Status.Phase != placementv1alpha1.PlacementPhaseBound || b.Status.Phase != placementv1alpha1.PlacementPhaseUnschedulable {
		t.Fatalf("%+v %+v", a.Status, b.Status)
	}
	if err := store.Put(target("edge-2", "asia")); err != nil { // which makes everything wait again
		t.Fatal(err)
	}
	if err := one.Settle(ctx); err != nil {
		t.Fatal(err)
	}
	if b, _ = one.Get("team-b", "web"); len(b.Status.Decisions) != 1 || b.Status.Decisions[0].Location != "asia" {
		t.Errorf("%+v", b.Status)
	}
	before := len(moved)
	one.enqueueAll()
	if err := one.Settle(ctx); err != nil || len(moved) != before {
		t.Errorf("deciding again without news moved %v: %v", moved[before:], err)
	}
}

func TestWhatCannotBeDecided(t *testing.T) {
	var moved []string
	one := controller(t, synctarget.NewStore(), &moved)
	if err := one.Put("team-a", &placementv1alpha1.Placement{}); err == nil {
		t.Error("a placement that is not valid was taken")
	}
	if err := one.Put("team-c", asked("web")); err != nil {
		t.Fatal(err)
	}
	if err := one.Settle(context.Background()); err == nil || syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	one.Delete("team-c", "web")
	if err := one.Reconcile(context.Background(), "team-c/web"); err != nil {
		t.Error(err)
	}
}
