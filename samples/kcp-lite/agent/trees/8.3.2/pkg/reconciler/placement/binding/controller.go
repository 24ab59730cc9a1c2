// Package binding turns decisions into distributions: so many replicas on that target.
//
// Owner: OWNER
package binding

import (
	"context"
	"errors"
	"reflect"
	"sync"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/reconciler/placement/crossworkspace"
)

// Controller binds the placements of one workspace.
type Controller struct {
	workspace  string
	placements *crossworkspace.Controller
	inventory  placement.PlacementInventory

	mutex         sync.Mutex
	distributions map[string]*workloadv1alpha1.Distribution
}

var (
	_ placement.PlacementBinder      = &Controller{}
	_ placement.PlacementDistributor = &Controller{}
)

// NewController binds what another controller decides in a workspace.
func NewController(workspace string, placements *crossworkspace.Controller, inventory placement.PlacementInventory) *Controller {
	return &Controller{
		workspace: workspace, placements: placements, inventory: inventory,
		distributions: map[string]*workloadv1alpha1.Distribution{},
	}
}

// Put takes a distribution in; it is computed when its placement is bound.
func (c *Controller) Put(ctx context.Context, wanted *workloadv1alpha1.Distribution) error {
	c.mutex.Lock()
	c.distributions[wanted.Name] = wanted.DeepCopy()
	c.mutex.Unlock()
	decided, found := c.placements.Get(c.workspace, wanted.Spec.PlacementName)
	if !found {
		return failed(wanted.Name, "there is no placement "+wanted.Spec.PlacementName)
	}
	return c.Bind(ctx, decided, decided.Status.Decisions)
}

// Get gives a distribution as it was computed.
func (c *Controller) Get(name string) (*workloadv1alpha1.Distribution, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	known, found := c.distributions[name]
	return known.DeepCopy(), found
}

// Bind computes every distribution of a placement anew.
func (c *Controller) Bind(
	ctx context.Context, decided *placementv1alpha1.Placement, decisions []placementv1alpha1.PlacementDecision,
) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, one := range c.distributions {
		if one.Spec.PlacementName == decided.Name {
			if err := c.Distribute(ctx, decisions, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// Release stops placing anything new. What runs stays until a later Bind has put it elsewhere.
func (c *Controller) Release(ctx context.Context, decided *placementv1alpha1.Placement) error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	for _, one := range c.distributions {
		if one.Spec.PlacementName == decided.Name {
			one.Status.Decisions = nil
		}
	}
	return nil
}

// Distribute computes the targets of a distribution. A target whose share did not change keeps its state.
func (c *Controller) Distribute(
	ctx context.Context, decisions []placementv1alpha1.PlacementDecision, distribution *workloadv1alpha1.Distribution,
) error {
	var targets []workloadv1alpha1.SyncTarget
	for _, decision := range decisions {
		found, err := c.inventory.Targets(ctx, decision.Location)
		if err != nil {
			return &placement.PlacementError{
				Operation: placement.PlacementOperationDistribute, Subject: decision.Location, Retryable: true, Cause: err,
			}
		}
		targets = append(targets, found...)
	}
	before := map[string]workloadv1alpha1.DistributionTarget{}
	for _, one := range distribution.Status.Targets {
		before[one.Target] = one
	}
	computed := distribution.DeepCopy()
	computed.Distribute(decisions, targets)
	for i, one := range computed.Status.Targets {
		if known, there := before[one.Target]; there && known.Replicas == one.Replicas {
			computed.Status.Targets[i] = known
		}
	}
	if !reflect.DeepEqual(distribution.Status, computed.Status) {
		distribution.Status = computed.Status
	}
	return nil
}

// Settled says whether every target runs what it should; one that failed is an error.
func (c *Controller) Settled(ctx context.Context, distribution *workloadv1alpha1.Distribution) (bool, error) {
	settled := len(distribution.Status.Targets) > 0
	for _, one := range distribution.Status.Targets {
		if one.State == workloadv1alpha1.DistributionStateFailed {
			return false, failed(distribution.Name, one.Target+": "+one.Message)
		}
		settled = settled && one.State == workloadv1alpha1.DistributionStateSettled
	}
	return settled, nil
}

// Observe writes down how far a target got.
func (c *Controller) Observe(name, target string, state workloadv1alpha1.DistributionState, message string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	known := c.distributions[name]
	if known == nil {
		return
	}
	known.Status.SettledReplicas = 0
	for i := range known.Status.Targets {
		one := &known.Status.Targets[i]
		if one.Target == target {
			one.State, one.Message = state, message
		}
		if one.State == workloadv1alpha1.DistributionStateSettled {
			known.Status.SettledReplicas += one.Replicas
		}
	}
}

func failed(subject, why string) error {
	return &placement.PlacementError{
		Operation: placement.PlacementOperationDistribute, Subject: subject, Cause: errors.New(why),
	}
}
