package scheduler

import (
	"context"
	"errors"
	"testing"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func target(name, location, tier string, used int64) workloadv1alpha1.SyncTarget {
	out := workloadv1alpha1.SyncTarget{}
	out.Name, out.Spec.Location, out.Spec.Labels = name, location, map[string]string{"tier": tier}
	out.Status.Phase = workloadv1alpha1.SyncTargetPhaseReady
	out.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 100, MemoryBytes: 100}
	out.Status.Allocated = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: used}
	return out
}

func targets() *synctarget.Store {
	return synctarget.NewStore(target("a", "asia", "edge", 90), target("b", "eu-west", "edge", 10), target("c", "us-east", "core", 0))
}

func asked() *placementv1alpha1.Placement {
	out := &placementv1alpha1.Placement{}
	edge := placementv1alpha1.PlacementRequirement{Key: "tier", Operator: placementv1alpha1.PlacementOperatorIn, Values: []string{"edge"}}
	out.Spec.Requirements = []placementv1alpha1.PlacementRequirement{edge}
	return out
}

var budget = placement.PlacementBudget{Candidates: 10, TimeoutMillis: 10000}

func TestTheBestComesFirstAndEveryLocationHasAReason(t *testing.T) {
	one := NewScheduler(discovery.NewWorkspaceDiscoverer(targets(), nil), budget)
	result, err := one.Schedule(context.Background(), asked())
	if err != nil || len(result.Ranked) != 2 || result.Ranked[0].Location != "eu-west" || len(result.Reasons) != 3 {
		t.Fatalf("%+v: %v", result, err)
	}
	if got := result.Ranked[0]; got.Score != 9 || got.Reason != "preferences +0, spare +9" {
		t.Errorf("%+v", got)
	}
	if got := result.Reasons[0]; got.Location != "us-east" || got.Chosen || got.By != "requirements" {
		t.Errorf("%+v", got)
	}
	wish := asked()
	wish.Spec.Preferences = []placementv1alpha1.PlacementPreference{{Weight: -20, Requirement: wish.Spec.Requirements[0]}}
	wish.Spec.Requirements = nil
	if result, _ := one.Schedule(context.Background(), wish); result.Ranked[0].Location != "us-east" {
		t.Errorf("%+v", result.Ranked)
	}
}

func TestFiltersForAPIsAndBudgets(t *testing.T) {
	away := func(context.Context) ([]apiresourcev1alpha1.APIResource, error) { return nil, errors.New("away") }
	needs := discovery.NeedsAPI{Resource: apiresourcev1alpha1.APIResourceName{Plural: "gateways"}, Version: "v1"}
	filter := ForAPI(discovery.NewAPIDiscoverer(targets(), away), needs)
	workspace := discovery.NewWorkspaceDiscoverer(targets(), nil)
	if result, err := NewScheduler(workspace, budget, filter).Schedule(context.Background(), asked()); err != nil || len(result.Ranked) != 0 {
		t.Errorf("%+v: %v", result, err)
	}
	small := NewScheduler(workspace, placement.PlacementBudget{Candidates: 1, TimeoutMillis: 10000})
	if result, _ := small.Schedule(context.Background(), asked()); len(result.Reasons) != 1 {
		t.Errorf("%+v", result)
	}
	hurried := NewScheduler(workspace, placement.PlacementBudget{Candidates: 1})
	if _, err := hurried.Schedule(context.Background(), asked()); !placement.IsPlacementRetryable(err) {
		t.Errorf("%v", err)
	}
}
