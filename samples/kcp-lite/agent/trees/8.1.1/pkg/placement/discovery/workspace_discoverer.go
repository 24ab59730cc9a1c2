// Package discovery knows where workloads can run: the locations of a workspace and how full they are.
//
// Owner: OWNER
package discovery

import (
	"context"
	"sort"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/quota"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// WorkspaceDiscoverer finds the locations that one workspace may use.
type WorkspaceDiscoverer struct {
	targets *synctarget.Store
	usage   *quota.Aggregator
	visible func(target *workloadv1alpha1.SyncTarget) bool
}

var _ placement.PlacementInventory = &WorkspaceDiscoverer{}

// NewWorkspaceDiscoverer looks among the targets of a store. visible chooses those the workspace may see; nil
// means all.
func NewWorkspaceDiscoverer(targets *synctarget.Store, visible func(*workloadv1alpha1.SyncTarget) bool) *WorkspaceDiscoverer {
	if visible == nil {
		visible = func(*workloadv1alpha1.SyncTarget) bool { return true }
	}
	return &WorkspaceDiscoverer{targets: targets, usage: quota.NewAggregator(targets), visible: visible}
}

// Candidates lists the locations with at least one schedulable target, sorted by name. A location has the labels
// that all its schedulable targets agree on.
func (d *WorkspaceDiscoverer) Candidates(ctx context.Context) ([]placementv1alpha1.PlacementCandidate, error) {
	labels := map[string]map[string]string{}
	for _, target := range d.targets.List() {
		if err := ctx.Err(); err != nil {
			return nil, &placement.PlacementError{
				Operation: placement.PlacementOperationCollect, Subject: "locations", Retryable: true, Cause: err,
			}
		}
		one := target
		if !one.IsSchedulable() || !d.visible(&one) {
			continue
		}
		labels[one.Spec.Location] = agreed(labels[one.Spec.Location], one.Spec.Labels)
	}
	out := make([]placementv1alpha1.PlacementCandidate, 0, len(labels))
	for location, known := range labels {
		out = append(out, placementv1alpha1.PlacementCandidate{Location: location, Labels: known})
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Location < out[j].Location })
	return out, nil
}

// agreed is what two targets have in common; nil stands for no target yet.
func agreed(known, more map[string]string) map[string]string {
	out := map[string]string{}
	for key, value := range more {
		if other, there := known[key]; known == nil || (there && other == value) {
			out[key] = value
		}
	}
	return out
}

// Targets lists the visible targets of a location, sorted by name.
func (d *WorkspaceDiscoverer) Targets(ctx context.Context, location string) ([]workloadv1alpha1.SyncTarget, error) {
	var out []workloadv1alpha1.SyncTarget
	for _, target := range d.targets.List() {
		one := target
		if one.Spec.Location == location && d.visible(&one) {
			out = append(out, one)
		}
	}
	return out, ctx.Err()
}

// Load is how full a location is.
func (d *WorkspaceDiscoverer) Load(ctx context.Context, location string) (placement.PlacementLoad, error) {
	return d.usage.Of(location).Load(), ctx.Err()
}
