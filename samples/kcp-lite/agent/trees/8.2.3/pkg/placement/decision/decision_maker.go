// Package decision chooses locations: the scheduler's ranking under the workspace's policy, without restlessness.
//
// Owner: OWNER
package decision

import (
	"context"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/placement/policy"
	"example.com/kcp-lite/pkg/placement/scheduler"
)

// Maker makes the decisions of one workspace.
type Maker struct {
	scheduler *scheduler.Scheduler
	observer  placement.PlacementObserver
	margin    int32
}

// NewMaker compiles the policy, an expression; the empty one allows everything. A location that is in use stays
// until another is better by more than margin. observer may be nil.
func NewMaker(
	workspace *discovery.WorkspaceDiscoverer, expression string, budget placement.PlacementBudget, margin int32,
	observer placement.PlacementObserver,
) (*Maker, error) {
	var filters []placement.PlacementFilter
	if expression != "" {
		filter, err := policy.NewFilter(expression, workspace)
		if err != nil {
			return nil, &placement.PlacementError{Operation: placement.PlacementOperationFilter, Subject: "policy", Cause: err}
		}
		filters = append(filters, filter)
	}
	return &Maker{scheduler: scheduler.NewScheduler(workspace, budget, filters...), observer: observer, margin: margin}, nil
}

// Decide writes decisions, phase and generation into the placement's status.
func (m *Maker) Decide(ctx context.Context, asked *placementv1alpha1.Placement) error {
	result, err := m.scheduler.Schedule(ctx, asked)
	if err != nil {
		if m.observer != nil {
			m.observer.Failed(asked, err)
		}
		return err
	}
	chosen := m.choose(asked, result.Ranked)
	asked.Status.Phase = placementv1alpha1.PlacementPhaseBound
	if len(chosen) < wanted(asked) {
		asked.Status.Phase = placementv1alpha1.PlacementPhaseUnschedulable
	}
	share(asked.Spec.Strategy, chosen)
	asked.Status.Decisions = chosen
	asked.Status.ObservedGeneration = asked.Generation
	if m.observer != nil {
		m.observer.Decided(asked, mark(result.Reasons, chosen))
	}
	return nil
}

func wanted(asked *placementv1alpha1.Placement) int {
	if asked.Spec.Strategy == placementv1alpha1.PlacementStrategySingleton {
		return 1
	}
	return int(asked.Spec.Locations)
}

// choose takes the best, a location in use counting as better by the margin. The ranking is stable, so equal
// locations go by the inventory's order.
func (m *Maker) choose(
	asked *placementv1alpha1.Placement, ranked []placementv1alpha1.PlacementDecision,
) []placementv1alpha1.PlacementDecision {
	used := map[string]bool{}
	for _, decision := range asked.Status.Decisions {
		used[decision.Location] = true
	}
	standing := func(one placementv1alpha1.PlacementDecision) int32 {
		if used[one.Location] {
			return one.Score + m.margin
		}
		return one.Score
	}
	left := append([]placementv1alpha1.PlacementDecision{}, ranked...)
	var chosen []placementv1alpha1.PlacementDecision
	for len(chosen) < wanted(asked) && len(left) > 0 {
		best := 0
		for i := range left {
			if standing(left[i]) > standing(left[best]) {
				best = i
			}
		}
		chosen = append(chosen, left[best])
		left = append(left[:best], left[best+1:]...)
	}
	return chosen
}

// share splits 100 percent; what does not divide goes to the best.
func share(strategy placementv1alpha1.PlacementStrategy, chosen []placementv1alpha1.PlacementDecision) {
	for i := range chosen {
		if strategy != placementv1alpha1.PlacementStrategySpread {
			chosen[i].Share = 0
			continue
		}
		chosen[i].Share = int32(100 / len(chosen))
		if i < 100%len(chosen) {
			chosen[i].Share++
		}
	}
	if strategy != placementv1alpha1.PlacementStrategySpread && len(chosen) > 0 {
		chosen[0].Share = 100
	}
}

func mark(reasons []placement.PlacementReason, chosen []placementv1alpha1.PlacementDecision) []placement.PlacementReason {
	taken := map[string]bool{}
	for _, one := range chosen {
		taken[one.Location] = true
	}
	out := append([]placement.PlacementReason{}, reasons...)
	for i := range out {
		out[i].Chosen = taken[out[i].Location]
	}
	return out
}
