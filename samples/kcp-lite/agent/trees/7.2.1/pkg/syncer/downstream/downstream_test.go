package downstream

import (
	"context"
	"errors"
	"testing"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

type wire struct{ target workloadv1alpha1.SyncTarget }

func (w *wire) Target() *workloadv1alpha1.SyncTarget { return &w.target }

func (w *wire) Ping(ctx context.Context) (syncer.SyncerHeartbeat, error) {
	return syncer.SyncerHeartbeat{}, nil
}

func (w *wire) Supports(ctx context.Context, name apiresourcev1alpha1.APIResourceName) (bool, error) {
	return true, nil
}

func (w *wire) Close() error { return nil }

func connected(name string) *wire {
	one := &wire{}
	one.target.Name = name
	return one
}

func only(cluster *Memory) func(string) (Cluster, error) {
	return func(target string) (Cluster, error) {
		if target != "edge-1" {
			return nil, errors.New("no such cluster")
		}
		return cluster, nil
	}
}

var (
	ctx = context.Background()
	web = syncer.SyncerObject{Kind: "Deployment", Namespace: "shop", Name: "web", Version: 1, Body: map[string]string{"spec.replicas": "2"}}
)

func TestPushingAgainChangesNothing(t *testing.T) {
	cluster := &Memory{}
	one, to := NewSyncer("team-a", only(cluster)), connected("edge-1")
	for i, changed := range []bool{true, false} {
		if receipt, err := one.Push(ctx, to, web); err != nil || receipt.Changed != changed || receipt.Version != 1 {
			t.Errorf("push %d: %+v, %v", i, receipt, err)
		}
	}
	if _, err := NewSyncer("team-b", only(cluster)).Push(ctx, to, web); !errors.Is(err, ErrForeign) || syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	if _, err := one.Push(ctx, connected("edge-9"), web); !syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
}

func TestOnlyOwnObjectsAreListedAndWithdrawn(t *testing.T) {
	cluster := &Memory{}
	to := connected("edge-1")
	mine, theirs := NewSyncer("team-a", only(cluster)), NewSyncer("team-b", only(cluster))
	other := web
	other.Name = "db"
	if _, err := mine.Push(ctx, to, web); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Push(ctx, to, other); err != nil {
		t.Fatal(err)
	}
	if err := mine.Withdraw(ctx, to, other); err != nil {
		t.Fatal(err)
	}
	listed, err := theirs.List(ctx, to, syncer.SyncerScope{Kinds: []string{"Deployment"}, Limit: 10})
	if err != nil || len(listed) != 1 || listed[0].Name != "db" {
		t.Errorf("%+v: %v", listed, err)
	}
	if listed, _ := mine.List(ctx, to, syncer.SyncerScope{Namespaces: []string{"elsewhere"}}); len(listed) != 0 {
		t.Errorf("%+v", listed)
	}
}

func TestAnEngineDrivesIt(t *testing.T) {
	cluster := &Memory{}
	there := true
	source := func(context.Context, string) (syncer.SyncerObject, bool, error) { return web, there, nil }
	to := connected("edge-1")
	drive := engine.New(to.Target(), source, nil, NewSyncer("team-a", only(cluster)).Handler(to), syncer.SyncerBackoff{})
	for _, want := range []int{1, 0} {
		if err := drive.Sync(ctx, engine.Key(web)); err != nil {
			t.Fatal(err)
		}
		if all, _ := cluster.All(ctx); len(all) != want {
			t.Errorf("%+v, want %d", all, want)
		}
		there = false
	}
}
