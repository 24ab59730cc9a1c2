package engine

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

type recorder struct {
	mutex   sync.Mutex
	handled map[string]int
	gone    []string
	fail    int // that many times
	done    chan string
}

func (r *recorder) Handle(ctx context.Context, object syncer.SyncerObject) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.fail > 0 {
		r.fail--
		return &syncer.SyncerError{Operation: syncer.SyncerOperationPush, Retryable: true, Cause: errors.New("away")}
	}
	r.handled[Key(object)]++
	r.done <- Key(object)
	return nil
}

func (r *recorder) Gone(ctx context.Context, object syncer.SyncerObject) error {
	r.gone = append(r.gone, Key(object))
	return nil
}

type prefixer struct{}

func (prefixer) Name() string { return "prefixer" }

func (prefixer) Transform(ctx context.Context, target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject) (syncer.SyncerObject, error) {
	object.Namespace = target.Name + "-" + object.Namespace
	return object, nil
}

func engine(source Source, handler Handler) *Engine {
	target := &workloadv1alpha1.SyncTarget{}
	target.Name = "edge-1"
	return New(target, source, prefixer{}, handler, syncer.SyncerBackoff{FirstMillis: 1, LimitMillis: 2, Tries: 5})
}

func everything(ctx context.Context, key string) (syncer.SyncerObject, bool, error) {
	object, err := Split(key)
	return object, true, err
}

func TestWorkersSyncEveryObjectInSpiteOfFailures(t *testing.T) {
	handler := &recorder{handled: map[string]int{}, fail: 3, done: make(chan string, 64)}
	one := engine(everything, handler)
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	go one.Run(ctx, 3)
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		one.Enqueue(syncer.SyncerObject{Kind: "ConfigMap", Namespace: "team", Name: name})
	}
	for range names {
		select {
		case <-handler.done:
		case <-ctx.Done():
			t.Fatalf("only %v were synced", handler.handled)
		}
	}
	if handler.handled["ConfigMap/edge-1-team/a"] != 1 || len(handler.handled) != len(names) {
		t.Errorf("%v", handler.handled)
	}
}

func TestWhatIsGoneIsTakenAwayWhereItWas(t *testing.T) {
	handler := &recorder{handled: map[string]int{}}
	one := engine(func(context.Context, string) (syncer.SyncerObject, bool, error) {
		return syncer.SyncerObject{}, false, nil
	}, handler)
	if err := one.Sync(context.Background(), "ConfigMap/team/a"); err != nil {
		t.Fatal(err)
	}
	if len(handler.gone) != 1 || handler.gone[0] != "ConfigMap/edge-1-team/a" || one.Stats().Removed != 1 {
		t.Errorf("%v %+v", handler.gone, one.Stats())
	}
}

func TestFailuresAreCountedAndSayWhere(t *testing.T) {
	one := engine(func(context.Context, string) (syncer.SyncerObject, bool, error) {
		return syncer.SyncerObject{}, false, errors.New("store is away")
	}, &recorder{})
	if err := one.Sync(context.Background(), "ConfigMap/team/a"); !syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	if err := one.Sync(context.Background(), "nonsense"); err == nil || syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	if got := one.Stats(); got.Failed != 2 || got.LastError == "" {
		t.Errorf("%+v", got)
	}
}
