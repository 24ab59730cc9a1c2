package engine

import (
	"context"
	"fmt"
	"strings"
	"sync"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Source looks an object up; found is false when it is gone.
type Source func(ctx context.Context, key string) (object syncer.SyncerObject, found bool, err error)

// Handler carries objects on. It is called by one worker at a time for one key.
type Handler interface {
	// Handle makes the other side like the object.
	Handle(ctx context.Context, object syncer.SyncerObject) error
	// Gone takes away what Handle made of an object with this kind, namespace and name.
	Gone(ctx context.Context, object syncer.SyncerObject) error
}

// Key is how an object is queued.
func Key(object syncer.SyncerObject) string {
	return object.Kind + "/" + object.Namespace + "/" + object.Name
}

// Split is the object that a key names, without its body.
func Split(key string) (syncer.SyncerObject, error) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 || parts[0] == "" || parts[2] == "" {
		return syncer.SyncerObject{}, fmt.Errorf("%q is no key: it must be kind/namespace/name", key)
	}
	return syncer.SyncerObject{Kind: parts[0], Namespace: parts[1], Name: parts[2]}, nil
}

// Engine syncs the objects of one target.
type Engine struct {
	target      *workloadv1alpha1.SyncTarget
	source      Source
	transformer syncer.SyncerTransformer
	handler     Handler
	queue       syncer.SyncerQueue

	mutex sync.Mutex
	stats Stats
}

// Stats is what an engine has done so far.
type Stats struct {
	Synced, Removed, Failed int64
	// LastError is the newest failure, empty when there was none.
	LastError string
}

// New gives an engine that has not begun. Without a transformer objects go through as they are.
func New(
	target *workloadv1alpha1.SyncTarget, source Source, transformer syncer.SyncerTransformer, handler Handler,
	backoff syncer.SyncerBackoff,
) *Engine {
	return &Engine{
		target: target.DeepCopy(), source: source, transformer: transformer, handler: handler,
		queue: synctarget.NewQueue(backoff),
	}
}

// Enqueue asks for an object to be synced.
func (e *Engine) Enqueue(object syncer.SyncerObject) { e.queue.Add(Key(object)) }

// Pending is how many objects wait.
func (e *Engine) Pending() int { return e.queue.Len() }

// Stats gives what was done so far.
func (e *Engine) Stats() Stats {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	return e.stats
}

// Run works until ctx ends; then every worker finishes the object it has.
func (e *Engine) Run(ctx context.Context, workers int) {
	var all sync.WaitGroup
	for i := 0; i < workers; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for {
				key, err := e.queue.Take(ctx)
				if err != nil {
					return
				}
				e.queue.Done(key, e.Sync(ctx, key))
			}
		}()
	}
	all.Wait()
}

// Sync brings one object over.
func (e *Engine) Sync(ctx context.Context, key string) error {
	removed, err := e.carry(ctx, key)
	e.mutex.Lock()
	defer e.mutex.Unlock()
	switch {
	case err != nil:
		e.stats.Failed++
		e.stats.LastError = key + ": " + err.Error()
	case removed:
		e.stats.Removed++
	default:
		e.stats.Synced++
	}
	return err
}

func (e *Engine) carry(ctx context.Context, key string) (removed bool, err error) {
	named, err := Split(key)
	if err != nil {
		return false, err
	}
	object, found, err := e.source(ctx, key)
	if err != nil {
		return false, &syncer.SyncerError{Operation: syncer.SyncerOperationPull, Subject: key, Retryable: true, Cause: err}
	}
	if !found {
		object = named
	}
	if e.transformer != nil {
		if object, err = e.transformer.Transform(ctx, e.target, object); err != nil {
			return false, fmt.Errorf("%s: %w", e.transformer.Name(), err)
		}
	}
	if !found {
		return true, e.handler.Gone(ctx, object)
	}
	return false, e.handler.Handle(ctx, object)
}
