package upstream

import (
	"context"
	"errors"
	"strconv"
	"testing"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
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

func change(name string, version int64) syncer.SyncerObject {
	return syncer.SyncerObject{Kind: "Deployment", Namespace: "shop", Name: name, Version: version, Body: map[string]string{
		"spec.replicas": "9", "status.ready": strconv.FormatInt(version, 10),
	}}
}

func TestASlowReaderGetsTheNewest(t *testing.T) {
	changes := make(chan syncer.SyncerObject)
	one := NewStatusSyncer(func(context.Context, string) (<-chan syncer.SyncerObject, error) { return changes, nil })
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	stream, err := one.Pull(ctx, &wire{}, syncer.SyncerScope{Kinds: []string{"Deployment"}})
	if err != nil {
		t.Fatal(err)
	}
	foreign := change("x", 1)
	foreign.Kind = "Secret"
	for _, object := range []syncer.SyncerObject{change("web", 1), foreign, change("db", 1), change("web", 2), change("web", 3)} {
		changes <- object // unbuffered: each has been taken in when the next is sent
	}
	close(changes)
	var got []string
	for object := range stream {
		if _, there := object.Body["spec.replicas"]; there {
			t.Errorf("more than the status went up: %+v", object.Body)
		}
		got = append(got, object.Name+object.Body["status.ready"])
	}
	if len(got) != 2 || got[0] != "web3" || got[1] != "db1" {
		t.Errorf("%v", got)
	}
}

func TestPullEndsWithItsContextAndSaysWhyItCannotBegin(t *testing.T) {
	one := NewStatusSyncer(func(context.Context, string) (<-chan syncer.SyncerObject, error) {
		return make(chan syncer.SyncerObject), nil
	})
	ctx, stop := context.WithCancel(context.Background())
	stream, err := one.Pull(ctx, &wire{}, syncer.SyncerScope{})
	if err != nil {
		t.Fatal(err)
	}
	stop()
	if _, open := <-stream; open {
		t.Error("the stream outlives its context")
	}
	away := NewStatusSyncer(func(context.Context, string) (<-chan syncer.SyncerObject, error) { return nil, errors.New("away") })
	if _, err := away.Pull(ctx, &wire{}, syncer.SyncerScope{}); !syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
}

func TestAnOldReportIsDropped(t *testing.T) {
	one := NewStatusSyncer(nil)
	for _, version := range []int64{2, 1} {
		if err := one.Report(context.Background(), change("web", version)); err != nil {
			t.Fatal(err)
		}
	}
	kept, known := one.Status("Deployment/shop/web")
	if !known || kept.Body["status.ready"] != "2" || len(kept.Body) != 1 {
		t.Errorf("%+v", kept)
	}
	if err := one.Report(context.Background(), syncer.SyncerObject{}); err == nil || syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
}
