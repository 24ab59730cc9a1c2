package syncer

import (
	"context"
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/virtualworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

var ctx = context.Background()

func view(names ...string) *View {
	var targets []workloadv1alpha1.SyncTarget
	for _, name := range names {
		target := workloadv1alpha1.SyncTarget{}
		target.Name = name
		targets = append(targets, target)
	}
	return NewView(synctarget.NewStore(targets...), nil)
}

func TestPathsBelongToTargets(t *testing.T) {
	one := view("edge-1")
	location, err := one.Resolve(ctx, "/services/syncer/edge-1/apis/apps/v1")
	if err != nil || location.Workspace != "edge-1" || location.Rest != "/apis/apps/v1" {
		t.Errorf("%+v: %v", location, err)
	}
	for _, path := range []string{"/services/other/edge-1", "/services/syncer/edge-9/apis"} {
		if _, err := one.Resolve(ctx, path); err == nil || virtualworkspace.IsVirtualWorkspaceRetryable(err) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if one.Ready(ctx) != nil || view().Ready(ctx) == nil {
		t.Error("a view is ready once it has a target")
	}
}

func TestOnlyTheOwnSyncerWrites(t *testing.T) {
	one := view("edge-1")
	for _, test := range []struct {
		group, verb, name string
		want              bool
	}{
		{Group, "list", "", true},
		{Group, "update", "edge-1--web", false},
		{Group + ":edge-1", "update", "edge-1--web", true},
		{Group + ":edge-2", "update", "edge-1--web", false},
		{"people", "get", "edge-1--web", false},
	} {
		user := virtualworkspace.VirtualWorkspaceUser{Name: "somebody", Groups: []string{test.group}}
		request := virtualworkspace.VirtualWorkspaceRequest{Verb: test.verb, Plural: "deployments", Name: test.name}
		if got, why, err := one.Authorize(ctx, user, request); got != test.want || err != nil || why == "" {
			t.Errorf("%+v: %v, %q, %v", test, got, why, err)
		}
	}
}

func TestObjectsAreWrittenOnceAVersion(t *testing.T) {
	one := view("edge-1")
	request := virtualworkspace.VirtualWorkspaceRequest{Verb: "update", Group: "apps", Plural: "deployments", Limit: 2}
	for _, name := range []string{"c", "a", "b"} {
		object := virtualworkspace.VirtualWorkspaceObject{Name: name, Body: map[string]string{"spec.replicas": "1"}}
		if err := one.Update(ctx, request, object); err != nil {
			t.Fatal(err)
		}
	}
	if err := one.Update(ctx, request, virtualworkspace.VirtualWorkspaceObject{Name: "a"}); !virtualworkspace.IsVirtualWorkspaceRetryable(err) {
		t.Errorf("an old version was written: %v", err)
	}
	page, token, _ := one.List(ctx, request)
	request.Name = token
	rest, end, _ := one.List(ctx, request)
	if len(page) != 2 || page[0].Name != "a" || token != "b" || len(rest) != 1 || end != "" {
		t.Errorf("%v %q %v %q", page, token, rest, end)
	}
	page[0].Body["spec.replicas"] = "9"
	request.Name = "a"
	if got, err := one.Get(ctx, request); err != nil || got.Body["spec.replicas"] != "1" || got.Version != 1 {
		t.Errorf("%+v: %v", got, err)
	}
	if err := one.Delete(ctx, request); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Get(ctx, request); err == nil {
		t.Error("it is still there")
	}
}
