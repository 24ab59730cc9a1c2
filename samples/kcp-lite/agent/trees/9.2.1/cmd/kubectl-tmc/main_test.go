package main

import (
	"strings"
	"testing"
)

const someTargets = `{"items":[
 {"metadata":{"name":"edge-1"},"spec":{"location":"eu-west","cells":[{"name":"a"}]},"status":{"phase":"Ready","capacity":{"pods":9}}},
 {"metadata":{"name":"edge-2"},"spec":{"location":"asia","unschedulable":true},"status":{"phase":"Unreachable"}}]}`

func TestVerbs(t *testing.T) {
	placed := `{"items":[{"metadata":{"name":"web"},"status":{"phase":"Bound","decisions":[{"location":"asia","share":60},{"location":"eu-west","share":40}]}}]}`
	for _, test := range []struct{ args, in, want string }{
		{"targets", someTargets, "NAME    LOCATION  PHASE        CELLS  FREE PODS\n" +
			"edge-1  eu-west   Ready        1      9\n" +
			"edge-2  asia      Unreachable  0      0\n"},
		{"placements", placed, "NAME  PHASE  LOCATIONS\nweb   Bound  asia 60%, eu-west 40%\n"},
		{"why edge-1", someTargets, "edge-1: it takes new workloads\n"},
		{"why edge-2", someTargets, "edge-2: it is marked as unschedulable; its phase is Unreachable; it has no room for another pod\n"},
	} {
		var out strings.Builder
		if err := run(strings.Fields(test.args), strings.NewReader(test.in), &out); err != nil || out.String() != test.want {
			t.Errorf("%s: %v\n%s", test.args, err, out.String())
		}
	}
}

func TestWhatGoesWrongIsSaid(t *testing.T) {
	for args, says := range map[string]string{
		"":           "usage: kubectl tmc VERB",
		"dance":      `did not understand "dance"`,
		"why edge-9": "no sync target edge-9 among the 2 given",
	} {
		var out strings.Builder
		if err := run(strings.Fields(args), strings.NewReader(someTargets), &out); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %v", args, err)
		}
	}
	var out strings.Builder
	for _, verb := range []string{"targets", "placements", "why x"} {
		if err := run(strings.Fields(verb), strings.NewReader("<html>"), &out); err == nil {
			t.Errorf("%s: nonsense was read", verb)
		}
	}
}
