package endpoints

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/virtual/syncer"
)

func server(t *testing.T) *httptest.Server {
	t.Helper()
	target := workloadv1alpha1.SyncTarget{}
	target.Name = "edge-1"
	server := httptest.NewServer(NewSyncerHandler(syncer.NewView(synctarget.NewStore(target), nil)))
	t.Cleanup(server.Close)
	return server
}

func do(t *testing.T, method, url, body string, groups ...string) (int, string) {
	t.Helper()
	request, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set(UserHeader, "syncer")
	for _, group := range groups {
		request.Header.Add(GroupHeader, group)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var text strings.Builder
	buffer := make([]byte, 4096)
	for {
		n, err := response.Body.Read(buffer)
		text.Write(buffer[:n])
		if err != nil {
			return response.StatusCode, text.String()
		}
	}
}

func TestOneObjectsLife(t *testing.T) {
	base := server(t).URL + "/services/syncer/edge-1/apps/deployments"
	own := syncer.Group + ":edge-1"
	if code, said := do(t, http.MethodPut, base+"/edge-1--web.x", `{}`, own); code != http.StatusBadRequest {
		t.Errorf("%d %s: a name with a dot is no label", code, said)
	}
	if code, said := do(t, http.MethodPut, base+"/edge-1--web", `{"Body":{"spec.replicas":"2"}}`, own); code != http.StatusOK || !strings.Contains(said, `"Version":1`) {
		t.Fatalf("%d %s", code, said)
	}
	if code, _ := do(t, http.MethodPut, base+"/edge-1--web", `{"Version":0}`, own); code != http.StatusConflict {
		t.Errorf("%d for an old version", code)
	}
	var list List
	code, said := do(t, http.MethodGet, base, "", syncer.Group)
	if err := json.Unmarshal([]byte(said), &list); err != nil || code != http.StatusOK || len(list.Items) != 1 {
		t.Errorf("%d %s", code, said)
	}
	if code, _ := do(t, http.MethodDelete, base+"/edge-1--web", "", own); code != http.StatusOK {
		t.Errorf("%d", code)
	}
	if code, _ := do(t, http.MethodGet, base+"/edge-1--web", "", syncer.Group); code != http.StatusNotFound {
		t.Errorf("%d after it was deleted", code)
	}
}

func TestWhatIsRefused(t *testing.T) {
	url := server(t).URL
	for _, test := range []struct {
		method, path string
		want         int
	}{
		{http.MethodGet, "/services/syncer/edge-9/apps/deployments", http.StatusNotFound},
		{http.MethodGet, "/services/syncer/edge-1/apps", http.StatusBadRequest},
		{http.MethodPatch, "/services/syncer/edge-1/apps/deployments/web", http.StatusBadRequest},
		{http.MethodPut, "/services/syncer/edge-1/apps/deployments", http.StatusBadRequest},
		{http.MethodPut, "/services/syncer/edge-1/apps/deployments/web", http.StatusForbidden},
	} {
		if code, said := do(t, test.method, url+test.path, "{}", syncer.Group); code != test.want {
			t.Errorf("%s %s: %d %s", test.method, test.path, code, said)
		}
	}
}
