package downstream

import (
	"context"
	"errors"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
	"example.com/kcp-lite/pkg/syncer/transformation"
)

// Cluster is the objects of one physical cluster.
type Cluster interface {
	// Get gives one object; found is false when it is not there.
	Get(ctx context.Context, key string) (object syncer.SyncerObject, found bool, err error)
	// Put writes one object whatever was there, and gives its new version.
	Put(ctx context.Context, object syncer.SyncerObject) (int64, error)
	// Remove takes one object away; one that is not there is no error.
	Remove(ctx context.Context, key string) error
	// All lists everything, sorted by key.
	All(ctx context.Context) ([]syncer.SyncerObject, error)
}

// Syncer pushes the objects of one workspace. It never touches what it has not made itself.
type Syncer struct {
	workspace string
	clusters  func(target string) (Cluster, error)
}

var _ syncer.SyncerDownstream = &Syncer{}

// NewSyncer gives a syncer for a workspace; clusters finds the cluster of a target.
func NewSyncer(workspace string, clusters func(target string) (Cluster, error)) *Syncer {
	return &Syncer{workspace: workspace, clusters: clusters}
}

// ErrForeign means that somebody else's object has the name.
var ErrForeign = errors.New("an object of somebody else is there")

// Push makes the object at the target as it is here.
func (s *Syncer) Push(
	ctx context.Context, connection syncer.SyncerConnection, object syncer.SyncerObject,
) (syncer.SyncerReceipt, error) {
	name := connection.Target().Name
	receipt := syncer.SyncerReceipt{Target: name}
	cluster, err := s.clusters(name)
	if err != nil {
		return receipt, failed(name, true, err)
	}
	wanted := object
	wanted.Body = map[string]string{transformation.OwnerLabel: s.workspace}
	for path, value := range object.Body {
		wanted.Body[path] = value
	}
	current, found, err := cluster.Get(ctx, engine.Key(wanted))
	switch {
	case err != nil:
		return receipt, failed(name, true, err)
	case found && current.Body[transformation.OwnerLabel] != s.workspace:
		return receipt, failed(name, false, ErrForeign)
	case found && same(current.Body, wanted.Body):
		receipt.Version = current.Version
		return receipt, nil
	}
	receipt.Changed = true
	if receipt.Version, err = cluster.Put(ctx, wanted); err != nil {
		return receipt, failed(name, true, err)
	}
	return receipt, nil
}

// Withdraw removes the object from the target, if this syncer has made it.
func (s *Syncer) Withdraw(ctx context.Context, connection syncer.SyncerConnection, object syncer.SyncerObject) error {
	name := connection.Target().Name
	cluster, err := s.clusters(name)
	if err != nil {
		return failed(name, true, err)
	}
	key := engine.Key(object)
	current, found, err := cluster.Get(ctx, key)
	if err != nil {
		return failed(name, true, err)
	}
	if !found || current.Body[transformation.OwnerLabel] != s.workspace {
		return nil
	}
	if err := cluster.Remove(ctx, key); err != nil {
		return failed(name, true, err)
	}
	return nil
}

// List gives what this syncer has pushed.
func (s *Syncer) List(
	ctx context.Context, connection syncer.SyncerConnection, scope syncer.SyncerScope,
) ([]syncer.SyncerObject, error) {
	name := connection.Target().Name
	cluster, err := s.clusters(name)
	if err != nil {
		return nil, failed(name, true, err)
	}
	all, err := cluster.All(ctx)
	if err != nil {
		return nil, failed(name, true, err)
	}
	var out []syncer.SyncerObject
	for _, object := range all {
		mine := object.Body[transformation.OwnerLabel] == s.workspace
		if mine && within(scope.Kinds, object.Kind) && within(scope.Namespaces, object.Namespace) {
			out = append(out, object)
		}
		if scope.Limit > 0 && len(out) == int(scope.Limit) {
			break
		}
	}
	return out, nil
}

// Handler lets an engine drive this syncer over one connection.
func (s *Syncer) Handler(connection syncer.SyncerConnection) engine.Handler {
	return &handler{syncer: s, connection: connection}
}

type handler struct {
	syncer     *Syncer
	connection syncer.SyncerConnection
}

func (h *handler) Handle(ctx context.Context, object syncer.SyncerObject) error {
	_, err := h.syncer.Push(ctx, h.connection, object)
	return err
}

func (h *handler) Gone(ctx context.Context, object syncer.SyncerObject) error {
	return h.syncer.Withdraw(ctx, h.connection, object)
}

func failed(target string, retryable bool, cause error) error {
	return &syncer.SyncerError{
		Operation: syncer.SyncerOperationPush, Subject: target, Retryable: retryable, Cause: cause,
	}
}

func same(a, b map[string]string) bool {
	if len(a) != len(b) {
		return false
	}
	for path, value := range a {
		if other, there := b[path]; !there || other != value {
			return false
		}
	}
	return true
}

// within says whether a list holds a word; the empty list holds all.
func within(list []string, word string) bool {
	for _, one := range list {
		if one == word {
			return true
		}
	}
	return len(list) == 0
}
