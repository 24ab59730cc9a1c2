package status

import (
	"testing"
	"time"

	"example.com/kcp-lite/pkg/apis/meta"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/reconciler/placement/crossworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func target(name string) *workloadv1alpha1.SyncTarget {
	out := &workloadv1alpha1.SyncTarget{}
	out.Name, out.Status.Phase = name, workloadv1alpha1.SyncTargetPhaseReady
	return out
}

func web(ready, healthy string) syncer.SyncerObject {
	return syncer.SyncerObject{Kind: "Deployment", Name: "web", Body: map[string]string{
		"spec.replicas": "9", "status.ready": ready, "status.healthy": healthy, "status.message": "fine",
	}}
}

func wanted() *workloadv1alpha1.StatusAggregation {
	out := &workloadv1alpha1.StatusAggregation{}
	out.Spec.Workload = meta.ObjectReference{Kind: "Deployment", Name: "web"}
	out.Spec.StaleAfterSeconds = 60
	out.Spec.Rules = []workloadv1alpha1.StatusRule{
		{Path: "status.ready", Function: workloadv1alpha1.StatusFunctionSum},
		{Path: "status.healthy", Function: workloadv1alpha1.StatusFunctionAll},
	}
	return out
}

func TestOneStatusOfMany(t *testing.T) {
	now := time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)
	placements := crossworkspace.NewController(synctarget.NewStore(), syncer.SyncerBackoff{}, nil)
	one := NewAggregator("team-a", placements, func() time.Time { return now })
	one.Report(target("edge-1"), web("1", "true"))
	one.Report(target("edge-1"), web("2", "true"))
	one.Report(target("edge-2"), web("3", "false"))
	got := wanted()
	one.Aggregate(got, "everywhere")
	if len(got.Status.Values) != 2 || got.Status.Values[0].Number != 5 || got.Status.Values[1].Number != 0 {
		t.Errorf("%+v", got.Status.Values)
	}
	if got.Status.Health != workloadv1alpha1.StatusHealthHealthy || got.Status.Conditions[0].Reason != "NoPlacement" {
		t.Errorf("%+v", got.Status)
	}
	now = now.Add(time.Hour)
	one.Report(target("edge-2"), web("3", "true"))
	one.Aggregate(got, "everywhere")
	if got.Status.Health != workloadv1alpha1.StatusHealthDegraded || got.Status.Values[0].Number != 3 {
		t.Errorf("a stale report counts: %+v", got.Status)
	}
	one.Forget("edge-1")
	one.Aggregate(got, "everywhere")
	if got.Status.Health != workloadv1alpha1.StatusHealthHealthy || len(got.Status.Reports) != 1 {
		t.Errorf("%+v", got.Status)
	}
}

func TestTheConditionFollowsThePlacement(t *testing.T) {
	placements := crossworkspace.NewController(synctarget.NewStore(), syncer.SyncerBackoff{}, nil)
	one := NewAggregator("team-a", placements, time.Now)
	asked := &placementv1alpha1.Placement{}
	asked.Name = "everywhere"
	asked.Spec = placementv1alpha1.PlacementSpec{PolicyName: "gold", Strategy: "Spread", Locations: 1}
	asked.Status.Decisions = []placementv1alpha1.PlacementDecision{{Location: "asia", Share: 100}}
	if err := placements.Put("team-a", asked); err != nil {
		t.Fatal(err)
	}
	got := wanted()
	one.Aggregate(got, "everywhere")
	if !meta.IsTrue(got.Status.Conditions, "Placed") || got.Status.Health != workloadv1alpha1.StatusHealthUnknown {
		t.Errorf("%+v", got.Status)
	}
}
