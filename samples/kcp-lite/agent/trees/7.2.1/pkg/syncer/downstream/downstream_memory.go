package downstream

import (
	"context"
	"sort"
	"sync"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

// Memory is a cluster without machines, for tests and rehearsals.
type Memory struct {
	// Fail may refuse an operation (`get`, `put`, `remove`, `all`) before it does anything.
	Fail func(operation string) error

	mutex   sync.Mutex
	objects map[string]syncer.SyncerObject
	version int64
}

var _ Cluster = &Memory{}

func (m *Memory) refuse(operation string) error {
	if m.Fail == nil {
		return nil
	}
	return m.Fail(operation)
}

// Get gives one object.
func (m *Memory) Get(ctx context.Context, key string) (syncer.SyncerObject, bool, error) {
	if err := m.refuse("get"); err != nil {
		return syncer.SyncerObject{}, false, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	object, found := m.objects[key]
	return detached(object), found, nil
}

// Put writes one object and gives its new version.
func (m *Memory) Put(ctx context.Context, object syncer.SyncerObject) (int64, error) {
	if err := m.refuse("put"); err != nil {
		return 0, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.objects == nil {
		m.objects = map[string]syncer.SyncerObject{}
	}
	m.version++
	object.Version = m.version
	m.objects[engine.Key(object)] = detached(object)
	return object.Version, nil
}

// Remove takes one object away.
func (m *Memory) Remove(ctx context.Context, key string) error {
	if err := m.refuse("remove"); err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.objects, key)
	return nil
}

// All lists everything, sorted by key.
func (m *Memory) All(ctx context.Context) ([]syncer.SyncerObject, error) {
	if err := m.refuse("all"); err != nil {
		return nil, err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	out := make([]syncer.SyncerObject, 0, len(m.objects))
	for _, object := range m.objects {
		out = append(out, detached(object))
	}
	sort.Slice(out, func(i, j int) bool { return engine.Key(out[i]) < engine.Key(out[j]) })
	return out, nil
}

func detached(object syncer.SyncerObject) syncer.SyncerObject {
	body := make(map[string]string, len(object.Body))
	for path, value := range object.Body {
		body[path] = value
	}
	object.Body = body
	return object
}
