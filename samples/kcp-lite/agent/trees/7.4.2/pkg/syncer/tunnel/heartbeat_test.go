package tunnel

import (
	"context"
	"errors"
	"testing"
	"time"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

type pulse struct{ answers []error }

func (p *pulse) Target() *workloadv1alpha1.SyncTarget { return &workloadv1alpha1.SyncTarget{} }

func (p *pulse) Ping(ctx context.Context) (syncer.SyncerHeartbeat, error) {
	answer := p.answers[0]
	if len(p.answers) > 1 {
		p.answers = p.answers[1:]
	}
	seen := meta.At(time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC))
	return syncer.SyncerHeartbeat{Target: "edge-1", Seen: seen, Version: "v1.2.3"}, answer
}

func (p *pulse) Supports(ctx context.Context, name apiresourcev1alpha1.APIResourceName) (bool, error) {
	return true, nil
}

func (p *pulse) Close() error { return nil }

func TestHealthFollowsTheHeartbeats(t *testing.T) {
	away := errors.New("away")
	var changes []Health
	monitor := &Monitor{
		Connection: &pulse{[]error{nil, away, nil, away, away, away}}, Interval: time.Second, Tolerated: 3,
		Changed: func(_, to Health) { changes = append(changes, to) },
	}
	if state, _ := monitor.Health(); state != HealthUnknown {
		t.Error(state)
	}
	for i, want := range []Health{HealthAlive, HealthShaky, HealthAlive, HealthShaky, HealthShaky, HealthLost} {
		if got := monitor.Beat(context.Background()); got != want {
			t.Errorf("beat %d: %s, want %s", i, got, want)
		}
	}
	if len(changes) != 5 {
		t.Errorf("%v", changes)
	}
	if state, last := monitor.Health(); state != HealthLost || last.Target != "edge-1" {
		t.Errorf("%s %+v", state, last)
	}
}

func TestRunEndsWithItsContextOrTheConnection(t *testing.T) {
	lost := &Monitor{Connection: &pulse{[]error{errors.New("away")}}, Interval: time.Millisecond, Tolerated: 2}
	if err := lost.Run(context.Background()); !syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	ctx, stop := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer stop()
	alive := &Monitor{Connection: &pulse{[]error{nil}}, Interval: time.Millisecond, Tolerated: 2}
	if err := alive.Run(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}
