package tunnel

import (
	"context"
	"fmt"
	"sync"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
)

// Health is how a tunnel is doing.
type Health string

// The states of a tunnel.
const (
	// HealthUnknown has not been asked yet.
	HealthUnknown Health = "Unknown"
	// HealthAlive answered the last time.
	HealthAlive Health = "Alive"
	// HealthShaky missed some heartbeats, but not enough to be lost.
	HealthShaky Health = "Shaky"
	// HealthLost missed as many heartbeats as are tolerated.
	HealthLost Health = "Lost"
)

// Monitor asks a connection for signs of life.
type Monitor struct {
	Connection syncer.SyncerConnection
	// Interval is the time between two heartbeats; an answer may take as long.
	Interval time.Duration
	// Tolerated is how many heartbeats may be missed before the connection is lost.
	Tolerated int
	// Changed hears of every new state; may be nil. It must not block.
	Changed func(from, to Health)

	mutex  sync.Mutex
	missed int
	state  Health
	last   syncer.SyncerHeartbeat
}

// Run beats until ctx ends or the connection is lost, which is an error.
func (m *Monitor) Run(ctx context.Context) error {
	ticker := time.NewTicker(m.Interval)
	defer ticker.Stop()
	for {
		if m.Beat(ctx) == HealthLost {
			return &syncer.SyncerError{
				Operation: syncer.SyncerOperationConnect, Subject: m.Connection.Target().Name, Retryable: true,
				Cause: fmt.Errorf("%d heartbeats were missed", m.Tolerated),
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

// Beat asks once and gives the new state.
func (m *Monitor) Beat(ctx context.Context) Health {
	limited, stop := context.WithTimeout(ctx, m.Interval)
	defer stop()
	heartbeat, err := m.Connection.Ping(limited)
	if err == nil {
		err = heartbeat.Validate() // nonsense is no sign of life
	}
	m.mutex.Lock()
	from := m.state
	if err == nil {
		m.missed, m.last, m.state = 0, heartbeat, HealthAlive
	} else {
		m.missed++
		m.state = HealthShaky
		if m.missed >= m.Tolerated {
			m.state = HealthLost
		}
	}
	to := m.state
	m.mutex.Unlock()
	if from != to && m.Changed != nil {
		m.Changed(from, to)
	}
	return to
}

// Health is the state and the last heartbeat heard.
func (m *Monitor) Health() (Health, syncer.SyncerHeartbeat) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.state == "" {
		return HealthUnknown, m.last
	}
	return m.state, m.last
}
