package quota

import (
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func reporting(name, location string, phase workloadv1alpha1.SyncTargetPhase, has, promised int64) workloadv1alpha1.SyncTarget {
	target := workloadv1alpha1.SyncTarget{}
	target.Name, target.Spec.Location, target.Status.Phase = name, location, phase
	target.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: has, MemoryBytes: has, Pods: has}
	target.Status.Allocated = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: promised, MemoryBytes: promised / 2}
	return target
}

func TestUsageIsSummedUpByLocation(t *testing.T) {
	ready := workloadv1alpha1.SyncTargetPhaseReady
	aggregator := NewAggregator(synctarget.NewStore(
		reporting("b", "us-east", ready, 100, 10),
		reporting("a", "eu-west", ready, 100, 50),
		reporting("c", "eu-west", ready, 300, 50),
		reporting("d", "eu-west", workloadv1alpha1.SyncTargetPhaseUnreachable, 900, 0),
	))
	usage := aggregator.Usage()
	if len(usage) != 2 || usage[0].Location != "eu-west" || usage[0].Targets != 2 || usage[0].Capacity.Pods != 400 {
		t.Fatalf("%+v", usage)
	}
	if load := usage[0].Load(); load.CPUPercent != 25 || load.MemoryPercent != 12 {
		t.Errorf("%+v", load)
	}
	if load := aggregator.Of("nowhere").Load(); load.Location != "nowhere" || load.CPUPercent != 100 {
		t.Errorf("%+v", load)
	}
}

func TestATargetThatReportsNothingCountsForNothing(t *testing.T) {
	silent := reporting("a", "eu-west", workloadv1alpha1.SyncTargetPhaseReady, 1, 1)
	silent.Status.Capacity, silent.Status.Allocated = nil, nil
	usage := NewAggregator(synctarget.NewStore(silent)).Of("eu-west")
	if usage.Targets != 1 || usage.Capacity.Pods != 0 || usage.Load().MemoryPercent != 100 {
		t.Errorf("%+v", usage)
	}
}
