package synctarget

import (
	"errors"
	"fmt"
	"sort"
	"sync"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
)

// ErrNotFound means that no target has the name.
var ErrNotFound = errors.New("no such sync target")

// Store keeps sync targets in memory. What goes in and out is a copy, so nobody changes a target by accident.
type Store struct {
	mutex    sync.RWMutex
	targets  map[string]*workloadv1alpha1.SyncTarget
	watchers []func(name string)
}

// NewStore gives a store with targets in it.
func NewStore(targets ...workloadv1alpha1.SyncTarget) *Store {
	store := &Store{targets: map[string]*workloadv1alpha1.SyncTarget{}}
	for i := range targets {
		store.targets[targets[i].Name] = targets[i].DeepCopy()
	}
	return store
}

// Watch calls back after every change, in the goroutine that made it.
func (s *Store) Watch(changed func(name string)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.watchers = append(s.watchers, changed)
}

// Get gives one target or ErrNotFound.
func (s *Store) Get(name string) (*workloadv1alpha1.SyncTarget, error) {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	target, found := s.targets[name]
	if !found {
		return nil, fmt.Errorf("%s: %w", name, ErrNotFound)
	}
	return target.DeepCopy(), nil
}

// List gives all targets, sorted by name.
func (s *Store) List() []workloadv1alpha1.SyncTarget {
	s.mutex.RLock()
	defer s.mutex.RUnlock()
	out := make([]workloadv1alpha1.SyncTarget, 0, len(s.targets))
	for _, target := range s.targets {
		out = append(out, *target.DeepCopy())
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// Put writes a target down; one that is not valid is refused.
func (s *Store) Put(target *workloadv1alpha1.SyncTarget) error {
	if err := target.Validate(); err != nil {
		return fmt.Errorf("%s: %w", target.Name, err)
	}
	s.mutex.Lock()
	s.targets[target.Name] = target.DeepCopy()
	s.mutex.Unlock()
	s.tell(target.Name)
	return nil
}

// Delete removes a target; one that is not there is no error.
func (s *Store) Delete(name string) {
	s.mutex.Lock()
	delete(s.targets, name)
	s.mutex.Unlock()
	s.tell(name)
}

func (s *Store) tell(name string) {
	s.mutex.RLock()
	watchers := append([]func(string){}, s.watchers...)
	s.mutex.RUnlock()
	for _, changed := range watchers {
		changed(name)
	}
}
