package quota

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func books(pods int64) *Manager {
	target := workloadv1alpha1.SyncTarget{}
	target.Name = "edge-1"
	target.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 1000, MemoryBytes: 1 << 30, Pods: pods}
	return NewManager(synctarget.NewStore(target))
}

func claim(workload string, pods int64) Claim {
	amount := workloadv1alpha1.SyncTargetCapacity{MilliCPU: 1, MemoryBytes: 1, Pods: pods}
	return Claim{Workspace: "team-a", Workload: workload, Target: "edge-1", Amount: amount}
}

func TestNobodyGetsMoreThanThereIs(t *testing.T) {
	manager := books(10)
	var exceeded *Exceeded
	if err := manager.Hold(claim("web", 8)); err != nil {
		t.Fatal(err)
	}
	if err := manager.Hold(claim("db", 3)); !errors.As(err, &exceeded) || exceeded.Subject != "target edge-1" || exceeded.Left.Pods != 2 {
		t.Errorf("%v", err)
	}
	if err := manager.Hold(claim("web", 7)); err != nil {
		t.Errorf("a claim replaces the one before: %v", err)
	}
	manager.Limit("team-a", workloadv1alpha1.SyncTargetCapacity{MilliCPU: 100, MemoryBytes: 100, Pods: 9})
	if err := manager.Hold(claim("db", 3)); !errors.As(err, &exceeded) || exceeded.Subject != "workspace team-a" {
		t.Errorf("%v", err)
	}
	manager.Release("team-a", "web")
	if err := manager.Hold(claim("db", 9)); err != nil {
		t.Error(err)
	}
	if held := manager.Claims("team-a"); len(held) != 1 || held[0].Workload != "db" {
		t.Errorf("%+v", held)
	}
	elsewhere := claim("web", 1)
	elsewhere.Target = "edge-9"
	if err := manager.Hold(elsewhere); !errors.Is(err, synctarget.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestManyAtOnceHoldNoMoreThanThereIs(t *testing.T) {
	manager := books(10)
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func(i int) {
			defer all.Done()
			_ = manager.Hold(claim("w"+strconv.Itoa(i), 1)) // forty of them are refused
		}(i)
	}
	all.Wait()
	if got := len(manager.Claims("team-a")); got != 10 {
		t.Errorf("%d claims of 10", got)
	}
}
