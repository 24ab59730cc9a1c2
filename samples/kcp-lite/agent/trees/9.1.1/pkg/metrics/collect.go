package metrics

import (
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/syncer/engine"
)

// The metrics of the control plane.
const (
	Targets = "kcp_lite_targets"
	Synced  = "kcp_lite_objects_synced"
	Failed  = "kcp_lite_objects_failed"
)

// CollectTargets counts the targets by phase.
func CollectTargets(registry *Registry, targets *synctarget.Store) {
	gauge := registry.Gauge(Targets, "Sync targets by phase.")
	counts := map[string]float64{"Pending": 0, "Ready": 0, "Unreachable": 0, "Evicting": 0}
	for _, target := range targets.List() {
		counts[string(target.Status.Phase)]++
	}
	for phase, count := range counts {
		gauge.Set(Labels{"phase": phase}, count)
	}
}

// CollectEngine shows what the engine of a target has done.
func CollectEngine(registry *Registry, target string, stats engine.Stats) {
	labels := Labels{"target": target}
	registry.Gauge(Synced, "Objects synced since the engine began.").Set(labels, float64(stats.Synced))
	registry.Gauge(Failed, "Tries that failed since the engine began.").Set(labels, float64(stats.Failed))
}
