//go:build integration

package integration

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/kcp-lite/pkg/admission/webhooks"
	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/metrics"
	"example.com/kcp-lite/test/e2e"
)

func placed(t *testing.T, name string) *e2e.Framework {
	t.Helper()
	plane, err := e2e.New("")
	if err != nil {
		t.Fatal(err)
	}
	for target, location := range map[string]string{"a": "asia", "b": "eu-west"} {
		if err := plane.AddTarget(target, location, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := plane.Place(name, 2, 6); err != nil {
		t.Fatal(err)
	}
	if failures, err := plane.Settle(context.Background(), name); err != nil || len(failures) != 0 {
		t.Fatalf("%v: %v", failures, err)
	}
	return plane
}

// What the control plane writes down is what its own admission lets in.
func TestAdmissionAcceptsWhatTheControllersWrite(t *testing.T) {
	plane := placed(t, "web")
	all, _ := kinds(t)
	handler := webhooks.NewHandler(all)
	objects := map[string]any{}
	target, err := plane.Targets.Get("a")
	if err != nil {
		t.Fatal(err)
	}
	decided, _ := plane.Placements.Get(e2e.Workspace, "web")
	distribution, _ := plane.Bindings.Get("web")
	distribution.Spec.Strategy = "Spread"
	objects["workload SyncTarget"], objects["placement Placement"], objects["workload Distribution"] = target, decided, distribution
	for name, object := range objects {
		group, kind, _ := strings.Cut(name, " ")
		data, err := json.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		response := handler.Admit(&webhooks.Request{
			UID: name, Operation: "UPDATE", APIVersion: group + ".kcp-lite.example.com/v1alpha1", Kind: kind, Object: data,
		})
		if !response.Allowed {
			t.Errorf("%s: %+v", name, response.Causes)
		}
	}
}

// What clusters report comes back as one status of the workload.
func TestStatusComesBack(t *testing.T) {
	plane := placed(t, "web")
	for _, target := range plane.Targets.List() {
		one := target
		plane.Statuses.Report(&one, syncer.SyncerObject{Kind: "Deployment", Name: "web", Body: map[string]string{"status.ready": "3"}})
	}
	wanted := &workloadv1alpha1.StatusAggregation{}
	wanted.Spec.Workload = meta.ObjectReference{Kind: "Deployment", Name: "web"}
	wanted.Spec.Rules = []workloadv1alpha1.StatusRule{{Path: "status.ready", Function: workloadv1alpha1.StatusFunctionSum}}
	plane.Statuses.Aggregate(wanted, "web")
	if len(wanted.Status.Values) != 1 || wanted.Status.Values[0].Number != 6 || !meta.IsTrue(wanted.Status.Conditions, "Placed") {
		t.Errorf("%+v", wanted.Status)
	}
	if wanted.Status.Health != workloadv1alpha1.StatusHealthHealthy {
		t.Errorf("%+v", wanted.Status)
	}
}

// The metrics of a plane can be scraped.
func TestMetricsCountWhatHappened(t *testing.T) {
	plane := placed(t, "web")
	recorder := httptest.NewRecorder()
	plane.Registry.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{metrics.Targets + `{phase="Ready"} 2`, metrics.Synced + `{target="a"} 1`} {
		if !strings.Contains(recorder.Body.String(), want) {
			t.Errorf("%s is missing in\n%s", want, recorder.Body)
		}
	}
}

// Discovery through the scheme: every kind of the API group for API resources has the verbs it was published with.
func TestPublishedVerbsSurviveDiscovery(t *testing.T) {
	one := apiresourcev1alpha1.APIResource{}
	one.Spec.Name = apiresourcev1alpha1.APIResourceName{Group: "apps", Plural: "deployments", Kind: "Deployment"}
	one.Spec.Verbs = []string{"get", "list"}
	other := one
	other.Spec.Verbs = []string{"list", "watch"}
	discovery := &apiresourcev1alpha1.Discovery{}
	discovery.Refresh([]apiresourcev1alpha1.APIResource{one, other}, meta.Time{}.Time)
	found := discovery.Status.Groups[0].Resources[0]
	if strings.Join(found.Verbs, " ") != "list" || found.Targets != 2 {
		t.Errorf("%+v", found)
	}
}
