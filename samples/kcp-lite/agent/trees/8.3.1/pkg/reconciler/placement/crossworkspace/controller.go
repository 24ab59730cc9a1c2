// Package crossworkspace keeps the placements of all workspaces decided.
//
// Owner: OWNER
package crossworkspace

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sort"
	"strings"
	"sync"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/placement/decision"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Controller decides placements anew when they, or the targets, change. Workspaces never see each other.
type Controller struct {
	queue   syncer.SyncerQueue
	changed func(workspace string, decided *placementv1alpha1.Placement)

	mutex      sync.Mutex
	makers     map[string]*decision.Maker
	placements map[string]*placementv1alpha1.Placement // by workspace/name
}

// NewController gives a controller without workspaces. changed hears of every new decision; it may be nil.
func NewController(
	targets *synctarget.Store, backoff syncer.SyncerBackoff,
	changed func(workspace string, decided *placementv1alpha1.Placement),
) *Controller {
	c := &Controller{
		queue: synctarget.NewQueue(backoff), changed: changed,
		makers: map[string]*decision.Maker{}, placements: map[string]*placementv1alpha1.Placement{},
	}
	targets.Watch(func(string) { c.enqueueAll() })
	return c
}

// AddWorkspace says who decides in a workspace.
func (c *Controller) AddWorkspace(workspace string, maker *decision.Maker) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.makers[workspace] = maker
}

// Put asks for a placement to be decided. What was decided for it before stays until it is decided anew.
func (c *Controller) Put(workspace string, asked *placementv1alpha1.Placement) error {
	if err := asked.Validate(); err != nil {
		return fmt.Errorf("%s/%s: %w", workspace, asked.Name, err)
	}
	key := workspace + "/" + asked.Name
	c.mutex.Lock()
	fresh := asked.DeepCopy()
	if known := c.placements[key]; known != nil {
		fresh.Status = known.DeepCopy().Status
		fresh.Generation = known.Generation + 1
	}
	c.placements[key] = fresh
	c.mutex.Unlock()
	c.queue.Add(key)
	return nil
}

// Get gives a placement as it was decided.
func (c *Controller) Get(workspace, name string) (*placementv1alpha1.Placement, bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	known, found := c.placements[workspace+"/"+name]
	return known.DeepCopy(), found
}

// Delete forgets a placement.
func (c *Controller) Delete(workspace, name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	delete(c.placements, workspace+"/"+name)
}

func (c *Controller) enqueueAll() {
	c.mutex.Lock()
	keys := make([]string, 0, len(c.placements))
	for key := range c.placements {
		keys = append(keys, key)
	}
	c.mutex.Unlock()
	sort.Strings(keys)
	for _, key := range keys {
		c.queue.Add(key)
	}
}

// Settle decides everything that waits, and returns when nothing does any more.
func (c *Controller) Settle(ctx context.Context) error {
	for c.queue.Len() > 0 {
		key, err := c.queue.Take(ctx)
		if err != nil {
			return err
		}
		err = c.Reconcile(ctx, key)
		c.queue.Done(key, err)
		if err != nil {
			return err
		}
	}
	return nil
}

// Reconcile decides one placement. Somebody who changed it meanwhile wins, and it is decided again.
func (c *Controller) Reconcile(ctx context.Context, key string) error {
	workspace, _, _ := strings.Cut(key, "/")
	c.mutex.Lock()
	known, maker := c.placements[key], c.makers[workspace]
	work := known.DeepCopy()
	c.mutex.Unlock()
	if known == nil {
		return nil // it was deleted
	}
	if maker == nil {
		return &placement.PlacementError{
			Operation: placement.PlacementOperationBind, Subject: key, Cause: errors.New("nobody decides in this workspace"),
		}
	}
	if err := maker.Decide(ctx, work); err != nil {
		// The queue only knows the syncer's errors, so the question whether to try again is put in its words.
		return &syncer.SyncerError{
			Operation: syncer.SyncerOperationPush, Subject: key, Retryable: placement.IsPlacementRetryable(err), Cause: err,
		}
	}
	c.mutex.Lock()
	if c.placements[key] != known {
		c.mutex.Unlock()
		c.queue.Add(key)
		return nil
	}
	moved := !reflect.DeepEqual(known.Status, work.Status)
	c.placements[key] = work
	c.mutex.Unlock()
	if moved && c.changed != nil {
		c.changed(workspace, work.DeepCopy())
	}
	return nil
}
