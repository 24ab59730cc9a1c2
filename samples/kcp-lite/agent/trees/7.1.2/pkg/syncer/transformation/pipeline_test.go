package transformation

import (
	"context"
	"strings"
	"testing"

	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

func rule(name, label string, rules ...workloadv1alpha1.TransformRule) workloadv1alpha1.Transform {
	out := workloadv1alpha1.Transform{}
	out.Name = name
	out.Spec.Match = workloadv1alpha1.TransformMatch{Group: "apps", Kind: "Deployment"}
	out.Spec.Rules = rules
	out.Spec.OnError = workloadv1alpha1.TransformErrorPolicyFail
	if label != "" {
		out.Spec.TargetSelector = &meta.LabelSelector{MatchLabels: map[string]string{"tier": label}}
	}
	return out
}

func edge() *workloadv1alpha1.SyncTarget {
	target := &workloadv1alpha1.SyncTarget{}
	target.Name, target.Spec.Labels = "edge-1", map[string]string{"tier": "edge"}
	return target
}

var web = syncer.SyncerObject{Kind: "Deployment", Namespace: "shop", Name: "web", Version: 3, Body: map[string]string{
	"apiGroup": "apps", "spec.replicas": "1", "metadata.annotations.secret": "x",
}}

func TestAllStagesTogether(t *testing.T) {
	pipeline := NewPipeline(
		NewRules([]workloadv1alpha1.Transform{
			rule("b", "edge", workloadv1alpha1.TransformRule{Name: "two", Operation: "Set", Path: "spec.replicas", Value: "2"}),
			rule("a", "core", workloadv1alpha1.TransformRule{Name: "nine", Operation: "Set", Path: "spec.replicas", Value: "9"}),
		}),
		Namespaces{Workspace: "team-a"},
		Labels{Workspace: "team-a", Drop: []string{"metadata.annotations."}},
	)
	got, err := pipeline.Transform(context.Background(), edge(), web)
	if err != nil {
		t.Fatal(err)
	}
	if got.Namespace != "team-a-shop" || got.Body["spec.replicas"] != "2" || got.Body[OwnerLabel] != "team-a" || got.Version != 3 {
		t.Errorf("%+v", got)
	}
	if _, there := got.Body["metadata.annotations.secret"]; there {
		t.Error("what must stay at home has left")
	}
	if web.Body["spec.replicas"] != "1" || len(web.Body) != 3 {
		t.Errorf("the object given was changed: %+v", web.Body)
	}
}

func TestFailuresSayWhichStageAndRule(t *testing.T) {
	copies := workloadv1alpha1.TransformRule{Name: "take", Operation: "Copy", From: "spec.nothing", Path: "spec.x"}
	pipeline := NewPipeline(NewRules([]workloadv1alpha1.Transform{rule("copy", "", copies)}))
	_, err := pipeline.Transform(context.Background(), edge(), web)
	if err == nil || err.Error() != "rules of Deployment/web: copy: take: spec.nothing is missing" {
		t.Errorf("%v", err)
	}
	long := Namespaces{Workspace: strings.Repeat("x", 60)}
	if _, err := long.Transform(context.Background(), edge(), web); err == nil {
		t.Error("a namespace that no cluster accepts went through")
	}
	ended, stop := context.WithCancel(context.Background())
	stop()
	if _, err := pipeline.Transform(ended, edge(), web); err == nil {
		t.Error("it went on after its context had ended")
	}
}
