package cluster

import (
	"context"
	"errors"
	"testing"
	"time"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

type world struct {
	now     time.Time
	away    map[string]bool
	rotated []string
}

func (w *world) Now() meta.Time { return meta.At(w.now) }

func (w *world) Connect(ctx context.Context, target *workloadv1alpha1.SyncTarget) (syncer.SyncerConnection, error) {
	if w.away[target.Name] {
		return nil, errors.New("no route")
	}
	return &connection{w, target}, nil
}

func (w *world) Rotate(ctx context.Context, target *workloadv1alpha1.SyncTarget) error {
	w.rotated = append(w.rotated, target.Name)
	return nil
}

type connection struct {
	world  *world
	target *workloadv1alpha1.SyncTarget
}

func (c *connection) Target() *workloadv1alpha1.SyncTarget { return c.target }

func (c *connection) Ping(ctx context.Context) (syncer.SyncerHeartbeat, error) {
	return syncer.SyncerHeartbeat{Target: c.target.Name, Seen: c.world.Now(), Version: "v1.2.3"}, nil
}

func (c *connection) Supports(ctx context.Context, name apiresourcev1alpha1.APIResourceName) (bool, error) {
	return true, nil
}

func (c *connection) Close() error { return nil }

func taken(t *testing.T) (*Controller, *world) {
	t.Helper()
	around := &world{now: time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC), away: map[string]bool{}}
	controller := &Controller{Targets: synctarget.NewStore(), Connector: around, Clock: around, RotateAfterHours: 24}
	for _, name := range []string{"edge-1", "edge-2"} {
		registration := Registration{
			Name: name, Endpoint: "https://" + name + ".example.com", Location: "eu-west", SecretName: name, Cells: []string{"b", "a"},
		}
		if err := controller.Register(registration); err != nil {
			t.Fatal(err)
		}
	}
	return controller, around
}

func TestAClusterBecomesASyncTarget(t *testing.T) {
	controller, _ := taken(t)
	target, err := controller.Targets.Get("edge-1")
	if err != nil || len(target.Spec.Cells) != 2 || target.Spec.Cells[0].Name != "a" {
		t.Fatalf("%+v: %v", target, err)
	}
	if err := controller.Register(Registration{Name: "edge-3", Endpoint: "edge", Location: "eu-west", SecretName: "x"}); err == nil {
		t.Error("an endpoint that is no URL was taken in")
	}
}

func TestProbingHearsWhoIsThere(t *testing.T) {
	controller, around := taken(t)
	around.away["edge-2"] = true
	failures := controller.Probe(context.Background())
	if len(failures) != 1 || !syncer.IsSyncerRetryable(failures["edge-2"]) {
		t.Errorf("%v", failures)
	}
	target, _ := controller.Targets.Get("edge-1")
	if target.Status.SyncerVersion != "v1.2.3" || !meta.IsTrue(target.Status.Conditions, "Connected") {
		t.Errorf("%+v", target.Status)
	}
	if err := controller.Register(Registration{Name: "edge-1", Endpoint: "https://new.example.com", Location: "eu-west", SecretName: "x"}); err != nil {
		t.Fatal(err)
	}
	if again, _ := controller.Targets.Get("edge-1"); again.Status.LastHeartbeat == nil || again.Generation != 2 {
		t.Errorf("registering again lost what was observed: %+v", again)
	}
}

func TestCredentialsAreRotatedOnceTheirLifeIsOver(t *testing.T) {
	controller, around := taken(t)
	for _, hours := range []int{0, 23, 24, 25, 47, 48} {
		around.now = time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
		controller.Probe(context.Background())
	}
	if len(around.rotated) != 4 {
		t.Errorf("%v: want each of the two targets at 24 and 48 hours", around.rotated)
	}
}
