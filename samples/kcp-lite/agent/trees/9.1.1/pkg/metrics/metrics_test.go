package metrics

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/syncer/engine"
)

func TestAScrapeIsSortedText(t *testing.T) {
	registry := NewRegistry()
	requests := registry.Counter("requests_total", "Requests.")
	requests.Add(Labels{"code": "200", "method": `G"T`}, 2)
	requests.Add(Labels{"code": "200", "method": `G"T`}, 1)
	requests.Add(nil, -5)
	registry.Gauge("depth", "Depth.").Set(nil, 1.5)
	recorder := httptest.NewRecorder()
	registry.ServeHTTP(recorder, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	want := "# HELP depth Depth.\n# TYPE depth gauge\ndepth 1.5\n" +
		"# HELP requests_total Requests.\n# TYPE requests_total counter\nrequests_total{code=\"200\",method=\"G\\\"T\"} 3\n"
	if recorder.Body.String() != want {
		t.Errorf("%s", recorder.Body)
	}
}

func TestManyCountAtOnce(t *testing.T) {
	registry := NewRegistry()
	var all sync.WaitGroup
	for i := 0; i < 50; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			registry.Counter("n", "N.").Add(Labels{"a": "b"}, 2)
		}()
	}
	all.Wait()
	if registry.Value("n", Labels{"a": "b"}) != 100 || registry.Sum("n") != 100 || registry.Sum("m") != 0 {
		t.Errorf("%v", registry.Sum("n"))
	}
}

func TestWhatTheControlPlaneShows(t *testing.T) {
	ready := workloadv1alpha1.SyncTarget{}
	ready.Name, ready.Status.Phase = "edge-1", workloadv1alpha1.SyncTargetPhaseReady
	registry := NewRegistry()
	CollectTargets(registry, synctarget.NewStore(ready))
	CollectEngine(registry, "edge-1", engine.Stats{Synced: 7, Failed: 1})
	if registry.Value(Targets, Labels{"phase": "Ready"}) != 1 || registry.Sum(Targets) != 1 || registry.Sum(Synced) != 7 {
		t.Errorf("%+v", registry.families)
	}
}
