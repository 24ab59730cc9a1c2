package health

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

func TestEveryCheckHasALine(t *testing.T) {
	alive, ready := &Checks{}, &Checks{Timeout: 500 * time.Millisecond}
	ready.Add("store", func(context.Context) error { return nil })
	ready.Add("queue", func(context.Context) error { return errors.New("1000 keys wait") })
	ready.Add("bug", func(context.Context) error { panic("nil map") })
	ready.Add("hangs", func(context.Context) error { select {} })
	server := Handler(alive, ready)
	for path, want := range map[string]struct {
		code int
		text string
	}{
		"/healthz": {http.StatusOK, ""},
		"/readyz": {http.StatusServiceUnavailable, "FAIL bug: the check panicked: nil map\nFAIL hangs: no answer within 500ms\n" +
			"FAIL queue: 1000 keys wait\nok   store\n"},
	} {
		recorder := httptest.NewRecorder()
		server.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, path, nil))
		if recorder.Code != want.code || recorder.Body.String() != want.text {
			t.Errorf("%s: %d %s", path, recorder.Code, recorder.Body)
		}
	}
}

func TestEnoughTargetsMustBeReady(t *testing.T) {
	ready, away := workloadv1alpha1.SyncTarget{}, workloadv1alpha1.SyncTarget{}
	ready.Name, ready.Status.Phase = "a", workloadv1alpha1.SyncTargetPhaseReady
	away.Name, away.Status.Phase = "b", workloadv1alpha1.SyncTargetPhaseUnreachable
	store := synctarget.NewStore(ready, away)
	if err := TargetsReady(store, 50)(context.Background()); err != nil {
		t.Error(err)
	}
	if err := TargetsReady(store, 51)(context.Background()); err == nil || err.Error() != "1 of 2 targets are ready, 51% are wanted" {
		t.Errorf("%v", err)
	}
	if err := TargetsReady(synctarget.NewStore(), 0)(context.Background()); err == nil {
		t.Error("no targets at all are well")
	}
}
