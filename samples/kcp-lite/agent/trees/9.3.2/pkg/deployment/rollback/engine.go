package rollback

import (
	"errors"
	"fmt"
	"sync"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/deployment/canary"
)

// Revision is one specification that was in force.
type Revision struct {
	Name string
	Spec workloadv1alpha1.DistributionSpec
	Made time.Time
	// Good says that its rollout was completed.
	Good bool
	// Why says why a bad one failed.
	Why string
}

// ErrNothingGood means that there is no revision to go back to.
var ErrNothingGood = errors.New("no earlier revision was good")

// Engine keeps the newest revisions of one distribution.
type Engine struct {
	keep int
	now  func() time.Time

	mutex     sync.Mutex
	count     int
	revisions []Revision // the newest last
}

// New gives an engine that keeps so many revisions, and the last good one in any case.
func New(keep int, now func() time.Time) *Engine { return &Engine{keep: keep, now: now} }

// Record makes a revision of what is about to be rolled out.
func (e *Engine) Record(distribution *workloadv1alpha1.Distribution) Revision {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	e.count++
	fresh := Revision{Name: fmt.Sprintf("%s-%d", distribution.Name, e.count), Spec: *distribution.Spec.DeepCopy(), Made: e.now()}
	e.revisions = append(e.revisions, fresh)
	e.forget()
	return fresh
}

// forget drops the oldest beyond the limit, never the last good one.
func (e *Engine) forget() {
	good := e.lastGood(len(e.revisions))
	for at := 0; len(e.revisions) > e.keep && at < len(e.revisions)-1; {
		if at == good {
			at++
			continue
		}
		e.revisions = append(e.revisions[:at], e.revisions[at+1:]...)
		if good > at {
			good--
		}
	}
}

// lastGood is the index of the last good revision before one, or -1.
func (e *Engine) lastGood(before int) int {
	for at := before - 1; at >= 0; at-- {
		if e.revisions[at].Good {
			return at
		}
	}
	return -1
}

// Settle writes down how the rollout of a revision ended. A rollout that has not ended is no news.
func (e *Engine) Settle(state canary.State) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	for i := range e.revisions {
		if e.revisions[i].Name == state.Revision {
			e.revisions[i].Good = e.revisions[i].Good || state.Phase == canary.PhaseDone
			e.revisions[i].Why = state.Why
			return nil
		}
	}
	return fmt.Errorf("there is no revision %s any more", state.Revision)
}

// Rollback gives the distribution the specification of the last good revision before the failed one.
// What was observed of the distribution stays, and the generation rises, because going back is a change too.
func (e *Engine) Rollback(distribution *workloadv1alpha1.Distribution, failed canary.State) (Revision, error) {
	if failed.Phase != canary.PhaseFailed {
		return Revision{}, fmt.Errorf("%s is %s: there is nothing to take back", failed.Revision, failed.Phase)
	}
	e.mutex.Lock()
	defer e.mutex.Unlock()
	at := len(e.revisions)
	for i := range e.revisions {
		if e.revisions[i].Name == failed.Revision {
			at = i
		}
	}
	good := e.lastGood(at)
	if good < 0 {
		return Revision{}, fmt.Errorf("%s: %w", failed.Revision, ErrNothingGood)
	}
	distribution.Spec = *e.revisions[good].Spec.DeepCopy()
	distribution.Generation++
	return e.revisions[good], nil
}

// History lists the revisions, the newest first.
func (e *Engine) History() []Revision {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	out := make([]Revision, 0, len(e.revisions))
	for i := len(e.revisions) - 1; i >= 0; i-- {
		out = append(out, e.revisions[i])
	}
	return out
}
