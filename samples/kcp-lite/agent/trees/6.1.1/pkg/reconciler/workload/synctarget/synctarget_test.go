package synctarget

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

var start = time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)

type clock struct{ now time.Time }

func (c *clock) Now() meta.Time { return meta.At(c.now) }

func target(name string, heartbeat time.Time) workloadv1alpha1.SyncTarget {
	seen := meta.At(heartbeat)
	out := workloadv1alpha1.SyncTarget{}
	out.Name = name
	out.Spec = workloadv1alpha1.SyncTargetSpec{
		Endpoint:          "https://edge.example.com",
		Location:          "eu-west",
		Credential:        workloadv1alpha1.SyncTargetCredential{Type: "Token", SecretName: "edge", RotateAfterHours: 24},
		Cells:             []workloadv1alpha1.SyncTargetCell{{Name: "a", Weight: 1}},
		EvictAfterSeconds: 60,
	}
	out.Status.LastHeartbeat = &seen
	return out
}

func TestPhasesFollowHeartbeats(t *testing.T) {
	now := &clock{start}
	store := NewStore(target("edge-1", start))
	var evicted []string
	controller := &Controller{
		Store: store, Queue: NewQueue(syncer.SyncerBackoff{}), Clock: now, Patience: 30 * time.Second,
		Evicted: func(target *workloadv1alpha1.SyncTarget) { evicted = append(evicted, target.Name) },
	}
	for _, step := range []struct {
		later time.Duration
		want  workloadv1alpha1.SyncTargetPhase
	}{
		{0, workloadv1alpha1.SyncTargetPhaseReady},
		{31 * time.Second, workloadv1alpha1.SyncTargetPhaseUnreachable},
		{91 * time.Second, workloadv1alpha1.SyncTargetPhaseEvicting},
		{92 * time.Second, workloadv1alpha1.SyncTargetPhaseEvicting},
	} {
		now.now = start.Add(step.later)
		if err := controller.Reconcile("edge-1"); err != nil {
			t.Fatal(err)
		}
		if got, _ := store.Get("edge-1"); got.Status.Phase != step.want {
			t.Errorf("after %s: %s, want %s", step.later, got.Status.Phase, step.want)
		}
	}
	if len(evicted) != 1 {
		t.Errorf("evicted %v, want it once", evicted)
	}
	if err := controller.Reconcile("gone"); err != nil {
		t.Errorf("a deleted target is no error: %v", err)
	}
}

func TestControllerRunsOnChanges(t *testing.T) {
	store := NewStore()
	controller := &Controller{Store: store, Queue: NewQueue(syncer.SyncerBackoff{}), Clock: &clock{start}, Patience: time.Minute}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	ready := make(chan string, 8)
	store.Watch(func(name string) {
		if got, err := store.Get(name); err == nil && got.IsSchedulable() {
			ready <- name
		}
	})
	go controller.Run(ctx, 2)
	fresh := target("edge-2", start)
	if err := store.Put(&fresh); err != nil {
		t.Fatal(err)
	}
	select {
	case <-ready:
	case <-time.After(10 * time.Second):
		t.Fatal("the target never became ready")
	}
}

func TestStoreRefusesWhatIsNotValidAndGivesCopies(t *testing.T) {
	store := NewStore(target("edge-1", start))
	got, _ := store.Get("edge-1")
	got.Spec.Endpoint = "ftp://nowhere"
	var errs meta.FieldErrors
	if err := store.Put(got); !errors.As(err, &errs) || !errs.Has("spec.endpoint") {
		t.Errorf("%v", err)
	}
	if again, _ := store.Get("edge-1"); again.Spec.Endpoint != "https://edge.example.com" {
		t.Error("a copy changed the store")
	}
	store.Delete("edge-1")
	if _, err := store.Get("edge-1"); !errors.Is(err, ErrNotFound) || len(store.List()) != 0 {
		t.Errorf("%v", err)
	}
}

func TestQueueKeepsOrderAndRetries(t *testing.T) {
	ctx := context.Background()
	queue := NewQueue(syncer.SyncerBackoff{FirstMillis: 1, LimitMillis: 4, Tries: 2})
	for _, key := range []string{"a", "b", "a"} {
		queue.Add(key)
	}
	if queue.Len() != 2 {
		t.Fatalf("%d keys wait, want 2", queue.Len())
	}
	first, _ := queue.Take(ctx)
	queue.Add(first) // while a worker has it: it comes again, after b
	second, _ := queue.Take(ctx)
	queue.Done(first, nil)
	queue.Done(second, nil)
	third, _ := queue.Take(ctx)
	if first+second+third != "aba" {
		t.Errorf("%s, %s, %s", first, second, third)
	}
	failure := &syncer.SyncerError{Operation: syncer.SyncerOperationPush, Retryable: true, Cause: errors.New("away")}
	queue.Done(third, failure)
	for try := 0; try < 2; try++ {
		key, err := queue.Take(ctx)
		if key != "a" || err != nil {
			t.Fatalf("%q: %v", key, err)
		}
		queue.Done(key, failure)
	}
	short, cancel := context.WithTimeout(ctx, 20*time.Millisecond)
	defer cancel()
	if key, err := queue.Take(short); err == nil {
		t.Errorf("%s came back once too often", key)
	}
	if got := queue.delay(10); got != 4*time.Millisecond {
		t.Errorf("the delay grew to %s", got)
	}
}
