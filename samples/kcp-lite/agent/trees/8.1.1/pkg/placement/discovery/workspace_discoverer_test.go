package discovery

import (
	"context"
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func located(name, location, tier string) workloadv1alpha1.SyncTarget {
	target := workloadv1alpha1.SyncTarget{}
	target.Name, target.Spec.Location = name, location
	target.Spec.Labels = map[string]string{"tier": tier, "cloud": "own"}
	target.Status.Phase = workloadv1alpha1.SyncTargetPhaseReady
	target.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 100, MemoryBytes: 100, Pods: 10}
	target.Status.Allocated = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 30, MemoryBytes: 60}
	return target
}

func TestLocationsAreWhatTheirTargetsAgreeOn(t *testing.T) {
	hidden, closed := located("h", "secret", "x"), located("c", "closed", "x")
	closed.Spec.Unschedulable = true
	one := NewWorkspaceDiscoverer(
		synctarget.NewStore(located("b", "eu-west", "edge"), located("a", "eu-west", "core"), located("z", "asia", "edge"), hidden, closed),
		func(target *workloadv1alpha1.SyncTarget) bool { return target.Name != "h" },
	)
	found, err := one.Candidates(context.Background())
	if err != nil || len(found) != 2 || found[0].Location != "asia" || found[0].Labels["tier"] != "edge" {
		t.Fatalf("%+v: %v", found, err)
	}
	if _, agreed := found[1].Labels["tier"]; agreed || found[1].Labels["cloud"] != "own" {
		t.Errorf("%+v", found[1])
	}
	targets, _ := one.Targets(context.Background(), "eu-west")
	if len(targets) != 2 || targets[0].Name != "a" {
		t.Errorf("%+v", targets)
	}
	if load, _ := one.Load(context.Background(), "asia"); load.CPUPercent != 30 || load.MemoryPercent != 60 {
		t.Errorf("%+v", load)
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	if _, err := one.Candidates(ended); !placement.IsPlacementRetryable(err) {
		t.Errorf("%v", err)
	}
}
