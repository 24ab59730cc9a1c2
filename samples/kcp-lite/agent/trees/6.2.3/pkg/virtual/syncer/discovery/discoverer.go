package discovery

import (
	"context"
	"sync"
	"time"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/virtualworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/virtual/syncer"
)

// Source lists the API resources that all targets offer.
type Source func(ctx context.Context) ([]apiresourcev1alpha1.APIResource, error)

// Discoverer keeps one answer a workspace until it is RefreshAfter old or was invalidated.
type Discoverer struct {
	// Source is where the answers come from.
	Source Source
	// RefreshAfter is how long an answer lives.
	RefreshAfter time.Duration
	// Now is the time.
	Now func() time.Time

	mutex    sync.Mutex
	answers  map[virtualworkspace.VirtualWorkspaceLocation]*apiresourcev1alpha1.Discovery
	watchers map[virtualworkspace.VirtualWorkspaceLocation]map[chan *apiresourcev1alpha1.Discovery]bool
}

var _ virtualworkspace.VirtualWorkspaceDiscoverer = &Discoverer{}

// NewView gives the view of the syncers with this discoverer.
func (d *Discoverer) NewView(targets *synctarget.Store) *syncer.View {
	return syncer.NewView(targets, d)
}

func place(location virtualworkspace.VirtualWorkspaceLocation) virtualworkspace.VirtualWorkspaceLocation {
	location.Rest = "" // an answer is about a workspace, not about a path in it
	return location
}

// Discover gives the newest answer. While the source fails, an old answer is better than none.
func (d *Discoverer) Discover(
	ctx context.Context, location virtualworkspace.VirtualWorkspaceLocation,
) (*apiresourcev1alpha1.Discovery, error) {
	location = place(location)
	d.mutex.Lock()
	known := d.answers[location]
	d.mutex.Unlock()
	if known != nil && known.Status.Refreshed != nil && d.Now().Sub(known.Status.Refreshed.Time) < d.RefreshAfter {
		return known.DeepCopy(), nil
	}
	resources, err := d.Source(ctx)
	if err != nil {
		if known != nil {
			return known.DeepCopy(), nil
		}
		return nil, &virtualworkspace.VirtualWorkspaceError{
			Operation: virtualworkspace.VirtualWorkspaceOperationDiscover, Subject: location.Workspace, Retryable: true, Cause: err,
		}
	}
	fresh := &apiresourcev1alpha1.Discovery{}
	fresh.Name = location.Workspace
	fresh.Spec = apiresourcev1alpha1.DiscoverySpec{
		Scope:          apiresourcev1alpha1.DiscoveryScopeTarget,
		Subject:        location.Workspace,
		RefreshSeconds: int32(d.RefreshAfter / time.Second),
	}
	fresh.Refresh(resources, d.Now())
	d.publish(location, fresh)
	return fresh.DeepCopy(), nil
}

func (d *Discoverer) publish(location virtualworkspace.VirtualWorkspaceLocation, fresh *apiresourcev1alpha1.Discovery) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.answers == nil {
		d.answers = map[virtualworkspace.VirtualWorkspaceLocation]*apiresourcev1alpha1.Discovery{}
	}
	d.answers[location] = fresh
	for stream := range d.watchers[location] {
		offer(stream, fresh.DeepCopy())
	}
}

// offer replaces an answer that a slow reader has not taken yet.
func offer(stream chan *apiresourcev1alpha1.Discovery, answer *apiresourcev1alpha1.Discovery) {
	select {
	case <-stream:
	default:
	}
	stream <- answer
}

// Watch streams answers until ctx ends, the newest at once.
func (d *Discoverer) Watch(
	ctx context.Context, location virtualworkspace.VirtualWorkspaceLocation,
) (<-chan *apiresourcev1alpha1.Discovery, error) {
	first, err := d.Discover(ctx, location)
	if err != nil {
		return nil, err
	}
	location = place(location)
	stream := make(chan *apiresourcev1alpha1.Discovery, 1)
	d.mutex.Lock()
	defer d.mutex.Unlock()
	offer(stream, first)
	if d.watchers == nil {
		d.watchers = map[virtualworkspace.VirtualWorkspaceLocation]map[chan *apiresourcev1alpha1.Discovery]bool{}
	}
	if d.watchers[location] == nil {
		d.watchers[location] = map[chan *apiresourcev1alpha1.Discovery]bool{}
	}
	d.watchers[location][stream] = true
	go func() {
		<-ctx.Done()
		d.mutex.Lock()
		defer d.mutex.Unlock()
		delete(d.watchers[location], stream)
		close(stream)
	}()
	return stream, nil
}

// Invalidate makes the next Discover look again.
func (d *Discoverer) Invalidate(ctx context.Context, location virtualworkspace.VirtualWorkspaceLocation) error {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if known := d.answers[place(location)]; known != nil {
		known.Status.Refreshed = nil
	}
	return nil
}
