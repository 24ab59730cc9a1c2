package canary

import (
	"testing"
	"time"

	"example.com/kcp-lite/pkg/metrics"
)

type world struct {
	now      time.Time
	registry *metrics.Registry
}

func (w *world) serve(requests, failures float64) {
	labels := metrics.Labels{"revision": "v2"}
	w.registry.Counter("requests", "Requests.").Add(labels, requests)
	w.registry.Counter("failures", "Failures.").Add(labels, failures)
	w.now = w.now.Add(time.Minute)
}

func canary(t *testing.T) (*Controller, *world) {
	t.Helper()
	around := &world{time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC), metrics.NewRegistry()}
	plan := Plan{Steps: []int{10, 50, 100}, Soak: time.Minute, Requests: "requests", Failures: "failures", MaxFailures: 5, MinRequests: 100}
	one, err := New(plan, around.registry, func() time.Time { return around.now })
	if err != nil {
		t.Fatal(err)
	}
	return one, around
}

func TestAGoodRevisionGoesAllTheWay(t *testing.T) {
	one, around := canary(t)
	state := one.Begin("v2")
	for _, weight := range []int{10, 50, 100} {
		if got := one.Weight(state); got != weight {
			t.Fatalf("%d%%, want %d%%", got, weight)
		}
		if early := one.Advance(state); early.Step != state.Step || early.Why == "" {
			t.Errorf("it went on before anybody had used it: %+v", early)
		}
		around.serve(200, 10)
		state = one.Advance(state)
	}
	if state.Phase != PhaseDone || one.Advance(state) != state {
		t.Errorf("%+v", state)
	}
}

func TestABadRevisionStopsAtItsStep(t *testing.T) {
	one, around := canary(t)
	around.serve(1000, 1000) // before it began: somebody else's trouble
	state := one.Begin("v2")
	around.serve(200, 0)
	state = one.Advance(state)
	around.serve(200, 11)
	state = one.Advance(state)
	if state.Phase != PhaseFailed || one.Weight(state) != 0 || state.Why != "11 of 200 requests failed at 50%" {
		t.Errorf("%+v", state)
	}
	around.serve(9999, 0)
	if again := one.Advance(state); again != state {
		t.Errorf("a failed rollout came back: %+v", again)
	}
}

func TestPlansThatMakeNoSense(t *testing.T) {
	for _, steps := range [][]int{nil, {50}, {50, 50, 100}, {0, 100}, {50, 101}} {
		if _, err := New(Plan{Steps: steps, Requests: "r", Failures: "f"}, metrics.NewRegistry(), time.Now); err == nil {
			t.Errorf("%v was accepted", steps)
		}
	}
	if err := (Plan{Steps: []int{100}}).Validate(); err == nil {
		t.Error("a plan without counters was accepted")
	}
}
