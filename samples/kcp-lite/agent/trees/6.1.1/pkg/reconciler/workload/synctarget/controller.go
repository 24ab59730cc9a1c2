package synctarget

import (
	"context"
	"errors"
	"reflect"
	"sync"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

// Controller keeps the phase of every target true to its heartbeats.
type Controller struct {
	Store *Store
	Queue syncer.SyncerQueue
	Clock syncer.SyncerClock
	// Patience is how old a heartbeat may be before its target counts as unreachable.
	Patience time.Duration
	// Evicted hears of a target that has been unreachable for longer than it allows; may be nil.
	Evicted func(target *workloadv1alpha1.SyncTarget)
}

// Run works with a number of goroutines until ctx ends.
func (c *Controller) Run(ctx context.Context, workers int) {
	c.Store.Watch(c.Queue.Add)
	for _, target := range c.Store.List() {
		c.Queue.Add(target.Name)
	}
	var all sync.WaitGroup
	for i := 0; i < workers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				name, err := c.Queue.Take(ctx)
				if err != nil {
					return
				}
				c.Queue.Done(name, c.Reconcile(name))
			}
		}()
	}
	all.Wait()
}

// Reconcile judges one target. Judging it again without news writes nothing.
func (c *Controller) Reconcile(name string) error {
	target, err := c.Store.Get(name)
	if errors.Is(err, ErrNotFound) {
		return nil // it was deleted, and nothing is left to do
	}
	before := target.DeepCopy()
	now := c.Clock.Now().Time
	target.Observe(now, c.Patience)
	if c.overdue(target, now) {
		target.Status.Phase = workloadv1alpha1.SyncTargetPhaseEvicting
	}
	if reflect.DeepEqual(before.Status, target.Status) {
		return nil
	}
	if err := c.Store.Put(target); err != nil {
		return err
	}
	evicting := target.Status.Phase == workloadv1alpha1.SyncTargetPhaseEvicting
	if evicting && before.Status.Phase != target.Status.Phase && c.Evicted != nil {
		c.Evicted(target)
	}
	return nil
}

// overdue says whether a target's workloads must go; 0 seconds means that they stay for ever.
func (c *Controller) overdue(target *workloadv1alpha1.SyncTarget, now time.Time) bool {
	limit := time.Duration(target.Spec.EvictAfterSeconds) * time.Second
	return limit > 0 && target.Status.LastHeartbeat != nil &&
		now.Sub(target.Status.LastHeartbeat.Time) > c.Patience+limit
}
