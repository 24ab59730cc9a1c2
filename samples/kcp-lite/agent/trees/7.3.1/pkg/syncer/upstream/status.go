package upstream

import (
	"context"
	"strings"
	"sync"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

// Watch streams the changes of a target's objects until ctx ends, then closes the channel.
type Watch func(ctx context.Context, target string) (<-chan syncer.SyncerObject, error)

// StatusSyncer keeps the newest status of every object.
type StatusSyncer struct {
	watch    Watch
	mutex    sync.Mutex
	statuses map[string]syncer.SyncerObject
}

var _ syncer.SyncerUpstream = &StatusSyncer{}

// NewStatusSyncer gives a syncer that knows no status yet.
func NewStatusSyncer(watch Watch) *StatusSyncer {
	return &StatusSyncer{watch: watch, statuses: map[string]syncer.SyncerObject{}}
}

// Pull streams the status of objects in scope. A slow reader gets the newest state of each object.
func (s *StatusSyncer) Pull(
	ctx context.Context, connection syncer.SyncerConnection, scope syncer.SyncerScope,
) (<-chan syncer.SyncerObject, error) {
	changes, err := s.watch(ctx, connection.Target().Name)
	if err != nil {
		return nil, &syncer.SyncerError{
			Operation: syncer.SyncerOperationPull, Subject: connection.Target().Name, Retryable: true, Cause: err,
		}
	}
	out := make(chan syncer.SyncerObject)
	go relay(ctx, changes, out, scope)
	return out, nil
}

// relay holds what the reader has not taken: one state an object, in the order the objects first changed.
func relay(ctx context.Context, changes <-chan syncer.SyncerObject, out chan<- syncer.SyncerObject, scope syncer.SyncerScope) {
	defer close(out)
	newest := map[string]syncer.SyncerObject{}
	var order []string
	for changes != nil || len(order) > 0 {
		var next syncer.SyncerObject
		var send chan<- syncer.SyncerObject // nil while nothing waits, so that its case never fires
		if len(order) > 0 {
			next, send = newest[order[0]], out
		}
		select {
		case <-ctx.Done():
			return
		case object, open := <-changes:
			if !open {
				changes = nil
				continue
			}
			if !inScope(scope, object) {
				continue
			}
			key := engine.Key(object)
			if _, waits := newest[key]; !waits {
				order = append(order, key)
			}
			newest[key] = onlyStatus(object)
		case send <- next:
			delete(newest, order[0])
			order = order[1:]
		}
	}
}

func inScope(scope syncer.SyncerScope, object syncer.SyncerObject) bool {
	return holds(scope.Kinds, object.Kind) && holds(scope.Namespaces, object.Namespace)
}

// holds says whether a list has a word; the empty list has all.
func holds(list []string, word string) bool {
	for _, one := range list {
		if one == word {
			return true
		}
	}
	return len(list) == 0
}

// onlyStatus drops everything that the workspace knows better.
func onlyStatus(object syncer.SyncerObject) syncer.SyncerObject {
	body := map[string]string{}
	for path, value := range object.Body {
		if strings.HasPrefix(path, "status.") {
			body[path] = value
		}
	}
	object.Body = body
	return object
}

// Report keeps one status; an older version than the one kept is dropped.
func (s *StatusSyncer) Report(ctx context.Context, object syncer.SyncerObject) error {
	if err := object.Validate(); err != nil {
		return &syncer.SyncerError{Operation: syncer.SyncerOperationReport, Subject: engine.Key(object), Cause: err}
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if kept, known := s.statuses[engine.Key(object)]; !known || kept.Version < object.Version {
		s.statuses[engine.Key(object)] = onlyStatus(object)
	}
	return nil
}

// Status gives what was reported of an object.
func (s *StatusSyncer) Status(key string) (syncer.SyncerObject, bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	object, known := s.statuses[key]
	return onlyStatus(object), known
}
