// Package upstream brings the events of a sync target to the workspace, counted instead of repeated.
//
// Owner: OWNER
package upstream

import (
	"context"
	"sort"
	"sync"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

// Event is something that happened to an object, Count times between First and Last.
type Event struct {
	Object          syncer.SyncerObject
	Reason, Message string
	Count           int
	First, Last     time.Time
}

type eventKey struct{ object, reason, message string }

// EventSyncer collects events and sends them in batches.
type EventSyncer struct {
	// Now is the time.
	Now func() time.Time
	// PerObject is the most different events of one object in a batch; the rest is counted in Dropped.
	PerObject int

	mutex   sync.Mutex
	pending map[eventKey]*Event
	dropped int
}

// Record takes one event in. The same event again only counts.
func (s *EventSyncer) Record(object syncer.SyncerObject, reason, message string) {
	object.Body = nil // an event is about an object, it does not carry it
	key := eventKey{engine.Key(object), reason, message}
	now := s.Now()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if known := s.pending[key]; known != nil {
		known.Count++
		known.Last = now
		return
	}
	if s.of(key.object) >= s.PerObject {
		s.dropped++
		return
	}
	if s.pending == nil {
		s.pending = map[eventKey]*Event{}
	}
	s.pending[key] = &Event{Object: object, Reason: reason, Message: message, Count: 1, First: now, Last: now}
}

func (s *EventSyncer) of(object string) int {
	count := 0
	for key := range s.pending {
		if key.object == object {
			count++
		}
	}
	return count
}

// Dropped is how many events were not kept since the last batch that was sent.
func (s *EventSyncer) Dropped() int {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.dropped
}

// Flush sends everything collected, the oldest first. What could not be sent stays, and counts on.
func (s *EventSyncer) Flush(ctx context.Context, send func(context.Context, []Event) error) error {
	s.mutex.Lock()
	batch := make([]Event, 0, len(s.pending))
	for _, event := range s.pending {
		batch = append(batch, *event)
	}
	s.mutex.Unlock()
	if len(batch) == 0 {
		return nil
	}
	sort.Slice(batch, func(i, j int) bool {
		if !batch[i].First.Equal(batch[j].First) {
			return batch[i].First.Before(batch[j].First)
		}
		return batch[i].Reason+batch[i].Message < batch[j].Reason+batch[j].Message
	})
	if err := send(ctx, batch); err != nil {
		return &syncer.SyncerError{Operation: syncer.SyncerOperationReport, Subject: "events", Retryable: true, Cause: err}
	}
	s.settle(batch)
	return nil
}

// settle forgets what was sent, but not what happened while it was being sent.
func (s *EventSyncer) settle(sent []Event) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.dropped = 0
	for _, event := range sent {
		key := eventKey{engine.Key(event.Object), event.Reason, event.Message}
		if known := s.pending[key]; known != nil && known.Count > event.Count {
			known.Count -= event.Count
			known.First = known.Last
		} else {
			delete(s.pending, key)
		}
	}
}
