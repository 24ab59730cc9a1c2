package webhooks

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/apis/scheme"
)

func ask(t *testing.T, body string) (int, *Response) {
	t.Helper()
	all, err := scheme.New()
	if err != nil {
		t.Fatal(err)
	}
	recorder := httptest.NewRecorder()
	NewHandler(all).ServeHTTP(recorder, httptest.NewRequest(http.MethodPost, "/admit", strings.NewReader(body)))
	var review Review
	if recorder.Code == http.StatusOK {
		if err := json.NewDecoder(bytes.NewReader(recorder.Body.Bytes())).Decode(&review); err != nil {
			t.Fatal(err)
		}
	}
	return recorder.Code, review.Response
}

func request(kind, object string) string {
	group := "placement.kcp-lite.example.com/v1alpha1"
	return `{"request":{"uid":"7","operation":"CREATE","apiVersion":"` + group + `","kind":"` + kind + `","object":` + object + `}}`
}

func TestDefaultsAreFilledIn(t *testing.T) {
	code, response := ask(t, request("Placement", `{"metadata":{"name":"web"},"spec":{"policyName":"gold"}}`))
	if code != http.StatusOK || response == nil || !response.Allowed || response.UID != "7" {
		t.Fatalf("%d %+v", code, response)
	}
	var placement placementv1alpha1.Placement
	if err := json.Unmarshal(response.Object, &placement); err != nil {
		t.Fatal(err)
	}
	if placement.Spec.Locations != 1 || placement.Spec.Strategy != placementv1alpha1.PlacementStrategySpread {
		t.Errorf("%+v", placement.Spec)
	}
	if _, again := ask(t, request("Placement", string(response.Object))); !again.Allowed || again.Object != nil {
		t.Errorf("an object with all its defaults was changed: %s", again.Object)
	}
}

func TestRefusals(t *testing.T) {
	for name, test := range map[string]struct{ body, field, message string }{
		"wrong field":  {request("Placement", `{"spec":{"policyName":"not valid!"}}`), "spec.policyName", "does not match"},
		"unknown key":  {request("Placement", `{"spec":{"polciyName":"gold"}}`), "", "polciyName"},
		"unknown kind": {request("Planet", `{}`), "kind", "no type is registered"},
	} {
		_, response := ask(t, test.body)
		if response == nil || response.Allowed || len(response.Causes) == 0 {
			t.Fatalf("%s: %+v", name, response)
		}
		if got := response.Causes[0]; got.Field != test.field || !strings.Contains(got.Message, test.message) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestDeletingIsAllowedAndNonsenseIsNoReview(t *testing.T) {
	if _, response := ask(t, `{"request":{"uid":"8","operation":"DELETE","kind":"Planet"}}`); !response.Allowed {
		t.Errorf("%+v", response)
	}
	if code, _ := ask(t, `{"request":`); code != http.StatusBadRequest {
		t.Errorf("%d", code)
	}
}
