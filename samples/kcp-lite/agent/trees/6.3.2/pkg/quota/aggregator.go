// Package quota knows how full locations are.
//
// Owner: OWNER
package quota

import (
	"sort"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Usage is what one location has and has promised, over its ready targets.
type Usage struct {
	Location string
	// Targets is how many targets are ready.
	Targets int
	// Capacity is what they have in all, Allocated what of it is promised.
	Capacity, Allocated workloadv1alpha1.SyncTargetCapacity
}

// Load is the usage in percent; a location without capacity is full.
func (u Usage) Load() placement.PlacementLoad {
	return placement.PlacementLoad{
		Location:      u.Location,
		CPUPercent:    percent(u.Allocated.MilliCPU, u.Capacity.MilliCPU),
		MemoryPercent: percent(u.Allocated.MemoryBytes, u.Capacity.MemoryBytes),
	}
}

func percent(part, whole int64) int32 {
	if whole <= 0 {
		return 100
	}
	return int32(float64(part) / float64(whole) * 100)
}

// Aggregator sums up what targets report.
type Aggregator struct {
	targets *synctarget.Store
}

// NewAggregator sums up the targets of a store.
func NewAggregator(targets *synctarget.Store) *Aggregator {
	return &Aggregator{targets: targets}
}

// Usage gives every location with a ready target, sorted by name.
func (a *Aggregator) Usage() []Usage {
	byLocation := map[string]*Usage{}
	for _, target := range a.targets.List() {
		if target.Status.Phase != workloadv1alpha1.SyncTargetPhaseReady {
			continue
		}
		usage := byLocation[target.Spec.Location]
		if usage == nil {
			usage = &Usage{Location: target.Spec.Location}
			byLocation[target.Spec.Location] = usage
		}
		usage.Targets++
		add(&usage.Capacity, target.Status.Capacity)
		add(&usage.Allocated, target.Status.Allocated)
	}
	out := make([]Usage, 0, len(byLocation))
	for _, usage := range byLocation {
		out = append(out, *usage)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Location < out[j].Location })
	return out
}

func add(sum, more *workloadv1alpha1.SyncTargetCapacity) {
	if more != nil {
		sum.MilliCPU += more.MilliCPU
		sum.MemoryBytes += more.MemoryBytes
		sum.Pods += more.Pods
	}
}

// Of gives the usage of one location; one without a ready target is empty, and so full.
func (a *Aggregator) Of(location string) Usage {
	for _, usage := range a.Usage() {
		if usage.Location == location {
			return usage
		}
	}
	return Usage{Location: location}
}
