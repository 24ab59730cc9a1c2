package synctarget

import (
	"context"
	"sync"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
)

// Queue holds keys in the order they came. A key waits once, is with one worker at a time, and comes back
// after a growing delay when its error can be helped by trying again.
type Queue struct {
	backoff syncer.SyncerBackoff
	mutex   sync.Mutex
	keys    []string
	waiting map[string]bool
	working map[string]bool
	again   map[string]bool // added while a worker had it
	tries   map[string]int32
	signal  chan struct{}
}

var _ syncer.SyncerQueue = &Queue{}

// NewQueue gives an empty queue.
func NewQueue(backoff syncer.SyncerBackoff) *Queue {
	return &Queue{
		backoff: backoff,
		waiting: map[string]bool{},
		working: map[string]bool{},
		again:   map[string]bool{},
		tries:   map[string]int32{},
		signal:  make(chan struct{}, 1),
	}
}

// Add asks for work on a key.
func (q *Queue) Add(key string) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if q.working[key] {
		q.again[key] = true
		return
	}
	if !q.waiting[key] {
		q.waiting[key] = true
		q.keys = append(q.keys, key)
	}
	q.wake()
}

// wake tells one waiting worker; the buffered signal is never lost and never piles up.
func (q *Queue) wake() {
	select {
	case q.signal <- struct{}{}:
	default:
	}
}

// Take gives the next key and waits for one.
func (q *Queue) Take(ctx context.Context) (string, error) {
	for {
		if key, found := q.next(); found {
			return key, nil
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-q.signal:
		}
	}
}

func (q *Queue) next() (string, bool) {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.keys) == 0 {
		return "", false
	}
	key := q.keys[0]
	q.keys = q.keys[1:]
	delete(q.waiting, key)
	q.working[key] = true
	if len(q.keys) > 0 {
		q.wake()
	}
	return key, true
}

// Done ends the work on a key.
func (q *Queue) Done(key string, err error) {
	q.mutex.Lock()
	delete(q.working, key)
	again := q.again[key]
	delete(q.again, key)
	delay := time.Duration(-1)
	if err != nil && syncer.IsSyncerRetryable(err) && q.tries[key] < q.backoff.Tries {
		delay = q.delay(q.tries[key])
		q.tries[key]++
	} else {
		delete(q.tries, key)
	}
	q.mutex.Unlock()
	switch {
	case again:
		q.Add(key)
	case delay >= 0:
		time.AfterFunc(delay, func() { q.Add(key) })
	}
}

// delay doubles with every try, up to the limit.
func (q *Queue) delay(tries int32) time.Duration {
	millis := int64(q.backoff.FirstMillis)
	for ; tries > 0 && millis < int64(q.backoff.LimitMillis); tries-- {
		millis *= 2
	}
	if millis > int64(q.backoff.LimitMillis) {
		millis = int64(q.backoff.LimitMillis)
	}
	return time.Duration(millis) * time.Millisecond
}

// Len is how many keys wait.
func (q *Queue) Len() int {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	return len(q.keys)
}
