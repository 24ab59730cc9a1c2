package downstream

import (
	"errors"
	"testing"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

func deployment(body map[string]string) syncer.SyncerObject {
	return syncer.SyncerObject{Kind: "Deployment", Namespace: "shop", Name: "web", Body: body}
}

func TestApplyLeavesOthersFieldsAlone(t *testing.T) {
	cluster := &Memory{}
	applier := NewApplier(cluster, 1)
	if changes, err := applier.Apply(ctx, deployment(map[string]string{"spec.image": "v1", "spec.replicas": "2"})); err != nil || len(changes) != 2 {
		t.Fatalf("%+v: %v", changes, err)
	}
	current, _, _ := cluster.Get(ctx, engine.Key(deployment(nil)))
	current.Body["status.ready"] = "2" // somebody else's
	if _, err := cluster.Put(ctx, current); err != nil {
		t.Fatal(err)
	}
	changes, err := applier.Apply(ctx, deployment(map[string]string{"spec.image": "v2"}))
	if err != nil || len(changes) != 2 || changes[0] != (Change{Path: "spec.image", From: "v1", To: "v2"}) || !changes[1].Remove {
		t.Errorf("%+v: %v", changes, err)
	}
	after, _, _ := cluster.Get(ctx, engine.Key(current))
	if _, there := after.Body["spec.replicas"]; there || after.Body["status.ready"] != "2" {
		t.Errorf("%+v", after.Body)
	}
	if changes, err := applier.Apply(ctx, deployment(map[string]string{"spec.image": "v2"})); err != nil || changes != nil {
		t.Errorf("applying again changed %+v: %v", changes, err)
	}
}

func TestApplyTriesAgainAndThenGivesUp(t *testing.T) {
	failures := 2
	cluster := &Memory{Fail: func(operation string) error {
		if operation == "put" && failures > 0 {
			failures--
			return errors.New("busy")
		}
		return nil
	}}
	if _, err := NewApplier(cluster, 3).Apply(ctx, deployment(map[string]string{"spec.image": "v1"})); err != nil {
		t.Error(err)
	}
	failures = 9
	_, err := NewApplier(cluster, 3).Apply(ctx, deployment(map[string]string{"spec.image": "v2"}))
	if !syncer.IsSyncerRetryable(err) || failures != 6 {
		t.Errorf("%v after %d tries", err, 9-failures)
	}
}
