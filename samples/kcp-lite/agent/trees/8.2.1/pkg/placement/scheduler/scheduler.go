// Package scheduler ranks the locations of a placement: filters take away, scorers order what is left.
//
// Owner: OWNER
package scheduler

import (
	"context"
	"fmt"
	"sort"
	"time"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/placement/discovery"
)

// Scheduler ranks candidates.
type Scheduler struct {
	inventory placement.PlacementInventory
	filters   []placement.PlacementFilter
	scorers   []placement.PlacementScorer
	budget    placement.PlacementBudget
}

// Result is every candidate that may be used, the best first, and a reason for each location.
type Result struct {
	Ranked  []placementv1alpha1.PlacementDecision
	Reasons []placement.PlacementReason
}

// NewScheduler gives a scheduler for one workspace with the filters every placement needs, and more.
func NewScheduler(
	workspace *discovery.WorkspaceDiscoverer, budget placement.PlacementBudget, more ...placement.PlacementFilter,
) *Scheduler {
	return &Scheduler{
		inventory: workspace,
		filters:   append([]placement.PlacementFilter{Requirements{}}, more...),
		scorers:   []placement.PlacementScorer{Preferences{}, Spare{workspace}},
		budget:    budget,
	}
}

// ForAPI gives a filter that keeps the locations that serve an API.
func ForAPI(apis *discovery.APIDiscoverer, needs discovery.NeedsAPI) placement.PlacementFilter {
	needs.Discoverer = apis
	return needs
}

// Inventory is where the scheduler finds its candidates.
func (s *Scheduler) Inventory() placement.PlacementInventory { return s.inventory }

// Schedule ranks the candidates of a placement within the scheduler's budget. It changes nothing.
func (s *Scheduler) Schedule(ctx context.Context, asked *placementv1alpha1.Placement) (Result, error) {
	ctx, stop := context.WithTimeout(ctx, time.Duration(s.budget.TimeoutMillis)*time.Millisecond)
	defer stop()
	var result Result
	candidates, err := s.inventory.Candidates(ctx)
	if err != nil {
		return result, err
	}
	if most := int(s.budget.Candidates); len(candidates) > most {
		candidates = candidates[:most]
	}
	for _, candidate := range candidates {
		if by, why := s.refusal(ctx, asked, candidate); by != "" {
			result.Reasons = append(result.Reasons, placement.PlacementReason{Location: candidate.Location, By: by, Message: why})
			continue
		}
		decision, err := s.rate(ctx, asked, candidate)
		if err != nil {
			return Result{}, err
		}
		result.Ranked = append(result.Ranked, decision)
	}
	sort.SliceStable(result.Ranked, func(i, j int) bool { return result.Ranked[i].Score > result.Ranked[j].Score })
	for _, one := range result.Ranked {
		reason := placement.PlacementReason{Location: one.Location, By: "scheduler", Chosen: true, Message: one.Reason}
		result.Reasons = append(result.Reasons, reason)
	}
	return result, nil
}

func (s *Scheduler) refusal(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (by, why string) {
	for _, filter := range s.filters {
		if stays, why := filter.Filter(ctx, asked, candidate); !stays {
			return filter.Name(), why
		}
	}
	return "", ""
}

func (s *Scheduler) rate(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (placementv1alpha1.PlacementDecision, error) {
	decision := placementv1alpha1.PlacementDecision{Location: candidate.Location}
	for i, scorer := range s.scorers {
		score, err := scorer.Score(ctx, asked, candidate)
		if err != nil {
			return decision, &placement.PlacementError{
				Operation: placement.PlacementOperationScore, Subject: candidate.Location,
				Retryable: placement.IsPlacementRetryable(err), Cause: err,
			}
		}
		decision.Score += score.Points
		if i > 0 {
			decision.Reason += ", "
		}
		decision.Reason += fmt.Sprintf("%s %+d", scorer.Name(), score.Points)
	}
	return decision, nil
}

// Requirements keeps locations that meet all requirements of the placement.
type Requirements struct{}

// Name names the filter in reasons.
func (Requirements) Name() string { return "requirements" }

// Filter names the first requirement that does not hold.
func (Requirements) Filter(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (bool, string) {
	for i := range asked.Spec.Requirements {
		if one := &asked.Spec.Requirements[i]; !one.Holds(candidate.Labels) {
			return false, fmt.Sprintf("%s %s %v does not hold", one.Key, one.Operator, one.Values)
		}
	}
	return true, ""
}

// Preferences adds up the weights of the preferences that hold.
type Preferences struct{}

// Name names the scorer in reasons.
func (Preferences) Name() string { return "preferences" }

// Score rates one candidate.
func (Preferences) Score(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (placement.PlacementScore, error) {
	score := placement.PlacementScore{Scorer: "preferences", Location: candidate.Location}
	for i := range asked.Spec.Preferences {
		if one := &asked.Spec.Preferences[i]; one.Requirement.Holds(candidate.Labels) {
			score.Points += one.Weight
		}
	}
	return score, nil
}

// Spare prefers locations with room: up to ten points, fewer than any preference a person gives weight.
type Spare struct{ Inventory placement.PlacementInventory }

// Name names the scorer in reasons.
func (Spare) Name() string { return "spare" }

// Score rates one candidate by its fuller half.
func (s Spare) Score(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (placement.PlacementScore, error) {
	load, err := s.Inventory.Load(ctx, candidate.Location)
	fuller := load.CPUPercent
	if load.MemoryPercent > fuller {
		fuller = load.MemoryPercent
	}
	if fuller > 100 {
		fuller = 100
	}
	return placement.PlacementScore{Scorer: "spare", Location: candidate.Location, Points: (100 - fuller) / 10}, err
}
