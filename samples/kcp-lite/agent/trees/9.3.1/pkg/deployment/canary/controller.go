package canary

import (
	"errors"
	"fmt"
	"time"

	"example.com/kcp-lite/pkg/metrics"
)

// Phase is where a rollout is.
type Phase string

// The phases.
const (
	PhaseProgressing Phase = "Progressing"
	PhaseDone        Phase = "Done"
	PhaseFailed      Phase = "Failed"
)

// Plan says how to roll out and when to stop.
type Plan struct {
	// Steps are the shares of the traffic in percent, rising, the last of them 100.
	Steps []int
	// Soak is how long a step must go well before the next.
	Soak time.Duration
	// Requests and Failures name the counters that are watched.
	Requests, Failures string
	// MaxFailures is the most failures tolerated, in percent of the requests of a step.
	MaxFailures float64
	// MinRequests is how many requests a step needs before it is judged.
	MinRequests float64
}

// Validate says what is wrong with a plan.
func (p Plan) Validate() error {
	last := 0
	for _, step := range p.Steps {
		if step <= last || step > 100 {
			return fmt.Errorf("steps must rise from 1 to 100: %v", p.Steps)
		}
		last = step
	}
	if last != 100 {
		return errors.New("the last step must be 100")
	}
	if p.Requests == "" || p.Failures == "" {
		return errors.New("name the counters of requests and failures")
	}
	return nil
}

// State is a rollout on its way. It is a value: keep it wherever you like.
type State struct {
	Revision string
	Phase    Phase
	// Step is the index of the step that runs.
	Step int
	// Since is when it began, with the counters of the revision at that time.
	Since              time.Time
	Requests, Failures float64
	// Why says why a rollout failed or waits.
	Why string
}

// Controller judges rollouts by the metrics of their revision, which is the label `revision`.
type Controller struct {
	plan     Plan
	registry *metrics.Registry
	now      func() time.Time
}

// New gives a controller; the plan must be valid.
func New(plan Plan, registry *metrics.Registry, now func() time.Time) (*Controller, error) {
	return &Controller{plan: plan, registry: registry, now: now}, plan.Validate()
}

// Begin starts a rollout at its first step.
func (c *Controller) Begin(revision string) State {
	return c.at(State{Revision: revision, Phase: PhaseProgressing}, 0)
}

func (c *Controller) at(state State, step int) State {
	state.Step, state.Since, state.Why = step, c.now(), ""
	state.Requests, state.Failures = c.counters(state.Revision)
	return state
}

func (c *Controller) counters(revision string) (requests, failures float64) {
	labels := metrics.Labels{"revision": revision}
	return c.registry.Value(c.plan.Requests, labels), c.registry.Value(c.plan.Failures, labels)
}

// Weight is the share of the traffic that the new revision gets now, in percent.
func (c *Controller) Weight(state State) int {
	if state.Phase == PhaseFailed {
		return 0
	}
	return c.plan.Steps[state.Step]
}

// Advance judges a rollout: it goes on, stays, is done, or has failed for good.
func (c *Controller) Advance(state State) State {
	if state.Phase != PhaseProgressing {
		return state
	}
	requests, failures := c.counters(state.Revision)
	requests, failures = requests-state.Requests, failures-state.Failures
	switch {
	case requests >= c.plan.MinRequests && failures*100 > c.plan.MaxFailures*requests:
		state.Phase = PhaseFailed
		state.Why = fmt.Sprintf("%v of %v requests failed at %d%%", failures, requests, c.plan.Steps[state.Step])
	case requests < c.plan.MinRequests:
		state.Why = fmt.Sprintf("%v of %v requests seen", requests, c.plan.MinRequests)
	case c.now().Sub(state.Since) < c.plan.Soak:
		state.Why = "soaking"
	case state.Step == len(c.plan.Steps)-1:
		state.Phase, state.Why = PhaseDone, ""
	default:
		return c.at(state, state.Step+1)
	}
	return state
}
