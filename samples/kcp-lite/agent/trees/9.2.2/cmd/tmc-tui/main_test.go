package main

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"example.com/kcp-lite/pkg/health"
	"example.com/kcp-lite/pkg/metrics"
)

func TestOneLookAtALivingControlPlane(t *testing.T) {
	registry, ready := metrics.NewRegistry(), &health.Checks{}
	registry.Gauge(metrics.Failed, "Failures.").Set(metrics.Labels{"target": "edge-1"}, 3)
	ready.Add("targets", func(context.Context) error { return errors.New("none") })
	mux := http.NewServeMux()
	mux.Handle("/metrics", registry)
	mux.Handle("/", health.Handler(&health.Checks{}, ready))
	server := httptest.NewServer(mux)
	defer server.Close()
	drawn := draw(look(context.Background(), server.Client(), server.URL), 60)
	for _, want := range []string{
		"[ok]   metrics\n", "[FAIL] ready: 503 Service Unavailable: FAIL targets: none\n", `! kcp_lite_objects_failed{target="edge-1"}`,
	} {
		if !strings.Contains(drawn, want) {
			t.Errorf("%q is missing in\n%s", want, drawn)
		}
	}
	server.Close()
	if drawn := draw(look(context.Background(), server.Client(), server.URL), 60); strings.Count(drawn, "[FAIL]") != 2 {
		t.Errorf("%s", drawn)
	}
}

func TestNothingSteersTheTerminal(t *testing.T) {
	bad := screen{values: []sample{{"evil\x1b[2J" + strings.Repeat("x", 99), 1}}, checks: []health.Result{{Name: "a\nb", Err: errors.New("c\rd")}}}
	drawn := draw(bad, 40)
	if strings.ContainsAny(drawn, "\x1b\r") {
		t.Errorf("%q", drawn)
	}
	for _, line := range strings.Split(drawn, "\n") {
		if len(line) > 40 {
			t.Errorf("%d columns: %q", len(line), line)
		}
	}
}

func TestOddLinesAreLeftOut(t *testing.T) {
	if got := parse("# HELP a b\na 1\nb\nc x\n\nd{e=\"f g\"} 2.5\n"); len(got) != 2 || got[1].name != `d{e="f g"}` || got[1].value != 2.5 {
		t.Errorf("%+v", got)
	}
}
