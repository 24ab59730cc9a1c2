package rollback

import (
	"errors"
	"testing"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/deployment/canary"
)

func web(replicas int32) *workloadv1alpha1.Distribution {
	out := &workloadv1alpha1.Distribution{}
	out.Name, out.Generation, out.Spec.Replicas = "web", 7, replicas
	return out
}

func ended(revision Revision, phase canary.Phase) canary.State {
	return canary.State{Revision: revision.Name, Phase: phase, Why: "11 of 200 requests failed"}
}

func TestAFailedRolloutGoesBackToTheLastGoodOne(t *testing.T) {
	engine := New(10, time.Now)
	var last Revision
	for replicas, phase := range []canary.Phase{canary.PhaseFailed, canary.PhaseDone, canary.PhaseDone, canary.PhaseFailed, canary.PhaseFailed} {
		last = engine.Record(web(int32(replicas)))
		if err := engine.Settle(ended(last, phase)); err != nil {
			t.Fatal(err)
		}
	}
	current := web(4)
	current.Status.SettledReplicas = 3
	back, err := engine.Rollback(current, ended(last, canary.PhaseFailed))
	if err != nil || back.Name != "web-3" || current.Spec.Replicas != 2 || current.Generation != 8 || current.Status.SettledReplicas != 3 {
		t.Errorf("%+v %+v: %v", back, current, err)
	}
	if history := engine.History(); len(history) != 5 || history[0].Name != "web-5" || history[0].Good || history[0].Why == "" {
		t.Errorf("%+v", history)
	}
}

func TestThereMayBeNothingToGoBackTo(t *testing.T) {
	engine := New(10, time.Now)
	first := engine.Record(web(1))
	if _, err := engine.Rollback(web(1), ended(first, canary.PhaseFailed)); !errors.Is(err, ErrNothingGood) {
		t.Errorf("%v", err)
	}
	if _, err := engine.Rollback(web(1), ended(first, canary.PhaseProgressing)); err == nil || errors.Is(err, ErrNothingGood) {
		t.Errorf("%v", err)
	}
	if err := engine.Settle(canary.State{Revision: "web-9"}); err == nil {
		t.Error("an unknown revision was settled")
	}
}

func TestTheLastGoodOneIsNeverForgotten(t *testing.T) {
	engine := New(2, time.Now)
	good := engine.Record(web(1))
	if err := engine.Settle(ended(good, canary.PhaseDone)); err != nil {
		t.Fatal(err)
	}
	var last Revision
	for i := 0; i < 5; i++ {
		last = engine.Record(web(9))
	}
	current := web(9)
	if back, err := engine.Rollback(current, ended(last, canary.PhaseFailed)); err != nil || back.Name != "web-1" || len(engine.History()) != 2 {
		t.Errorf("%+v: %v", back, err)
	}
	good.Spec.Replicas = 99
	if current.Spec.Replicas != 1 {
		t.Errorf("%+v", current.Spec)
	}
}
