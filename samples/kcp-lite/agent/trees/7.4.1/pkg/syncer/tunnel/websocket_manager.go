package tunnel

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/downstream"
	"example.com/kcp-lite/pkg/syncer/upstream"
)

// Message is what goes through the tunnel.
type Message struct {
	// Type is `push`, `withdraw`, `status` or `event`.
	Type    string              `json:"type"`
	Object  syncer.SyncerObject `json:"object"`
	Reason  string              `json:"reason,omitempty"`
	Message string              `json:"message,omitempty"`
}

// Router gives messages to whom they are for. Parts that a side does not have are nil.
type Router struct {
	Downstream *downstream.Syncer
	Connection syncer.SyncerConnection
	Status     *upstream.StatusSyncer
	Events     *upstream.EventSyncer
}

// Route carries one message out.
func (r *Router) Route(ctx context.Context, data []byte) error {
	var message Message
	if err := json.Unmarshal(data, &message); err != nil {
		return fmt.Errorf("not a message: %w", err)
	}
	switch {
	case message.Type == "push" && r.Downstream != nil:
		_, err := r.Downstream.Push(ctx, r.Connection, message.Object)
		return err
	case message.Type == "withdraw" && r.Downstream != nil:
		return r.Downstream.Withdraw(ctx, r.Connection, message.Object)
	case message.Type == "status" && r.Status != nil:
		return r.Status.Report(ctx, message.Object)
	case message.Type == "event" && r.Events != nil:
		r.Events.Record(message.Object, message.Reason, message.Message)
		return nil
	}
	return fmt.Errorf("nobody here takes a message of type %q", message.Type)
}

// Manager keeps one tunnel open: it dials again, a little later each time, until ctx ends.
type Manager struct {
	Dial    func(ctx context.Context) (*Socket, error)
	Router  *Router
	Backoff syncer.SyncerBackoff
	// Connected hears of every new connection; may be nil.
	Connected func(*Socket)
	// Refused hears of messages that could not be carried out; may be nil.
	Refused func(error)
}

// Run gives the error of ctx, or the last of dialling when the tries are used up.
func (m *Manager) Run(ctx context.Context) error {
	tries := int32(0)
	for ctx.Err() == nil {
		socket, err := m.Dial(ctx)
		if err != nil {
			if tries++; tries > m.Backoff.Tries {
				return &syncer.SyncerError{Operation: syncer.SyncerOperationConnect, Subject: "tunnel", Cause: err}
			}
			m.wait(ctx, tries)
			continue
		}
		tries = 0
		m.serve(ctx, socket)
	}
	return ctx.Err()
}

func (m *Manager) serve(ctx context.Context, socket *Socket) {
	ended := make(chan struct{})
	defer close(ended)
	go func() { // a blocked read ends when its connection does
		select {
		case <-ctx.Done():
		case <-ended:
		}
		socket.Close()
	}()
	if m.Connected != nil {
		m.Connected(socket)
	}
	for {
		data, err := socket.Receive()
		if err != nil {
			return
		}
		if err := m.Router.Route(ctx, data); err != nil && m.Refused != nil {
			m.Refused(err)
		}
	}
}

func (m *Manager) wait(ctx context.Context, tries int32) {
	millis := m.Backoff.FirstMillis
	for i := int32(1); i < tries && millis < m.Backoff.LimitMillis; i++ {
		millis *= 2
	}
	select {
	case <-ctx.Done():
	case <-time.After(time.Duration(millis) * time.Millisecond):
	}
}
