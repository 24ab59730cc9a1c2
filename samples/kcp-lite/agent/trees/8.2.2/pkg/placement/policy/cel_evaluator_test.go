package policy

import (
	"context"
	"strings"
	"testing"

	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

var here = Variables{Location: "eu-west", Labels: map[string]string{"tier": "edge"}, CPU: 40, Memory: 90}

func TestExpressions(t *testing.T) {
	for text, want := range map[string]bool{
		`true`:                                       true,
		`!true || cpu == 40`:                         true,
		`labels["tier"] == "edge" && cpu < 80`:       true,
		`labels["tier"] == "edge" && memory < 80`:    false,
		`location in ["asia", "eu-west"]`:            true,
		`!(location in [])`:                          true,
		`labels["zone"] == ""`:                       true,
		`false && cpu == "forty"`:                    false,
		`true || cpu == "forty"`:                     true,
		`cpu >= 40 && cpu <= 40 && !(cpu != 40)`:     true,
		`location == "a" || location == "b" || true`: true,
		`false || false && true`:                     false,
	} {
		expression, err := Compile(text)
		if err != nil {
			t.Errorf("%v", err)
			continue
		}
		if got, err := expression.Holds(here); got != want || err != nil {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestWhatDoesNotCompile(t *testing.T) {
	for text, says := range map[string]string{
		``:                               `did not expect ""`,
		`cpu <`:                          `did not expect ""`,
		`cpu < 80 80`:                    `"80" comes too much`,
		`(cpu < 80`:                      `a ) is missing`,
		`labels[tier] == "edge"`:         `write labels["key"]`,
		`cpu % 2 == 0`:                   `cannot read "% 2 == 0"`,
		`exec("rm")`:                     `did not expect "exec"`,
		strings.Repeat("(", 9999) + `1`:  `nested deeper than 64`,
		`99999999999999999999 == memory`: `out of range`,
	} {
		if _, err := Compile(text); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%.20s: %v", text, err)
		}
	}
}

func TestWhatMakesNoSense(t *testing.T) {
	for _, text := range []string{`cpu`, `cpu == "40"`, `"a" < "b"`, `!cpu`, `cpu && true`, `cpu in cpu`, `true && cpu`} {
		expression, err := Compile(text)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := expression.Holds(here); err == nil {
			t.Errorf("%s: no error", text)
		}
	}
}

func TestAFilterLooksAtTheLoad(t *testing.T) {
	target := workloadv1alpha1.SyncTarget{}
	target.Spec.Location, target.Status.Phase = "eu-west", workloadv1alpha1.SyncTargetPhaseReady
	target.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 100, MemoryBytes: 100}
	target.Status.Allocated = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 50}
	workspace := discovery.NewWorkspaceDiscoverer(synctarget.NewStore(target), nil)
	for text, want := range map[string]bool{`cpu < 60`: true, `cpu < 40`: false, `cpu == "x"`: false} {
		filter, err := NewFilter(text, workspace)
		if err != nil {
			t.Fatal(err)
		}
		candidate := placementv1alpha1.PlacementCandidate{Location: "eu-west"}
		if got, why := filter.Filter(context.Background(), nil, candidate); got != want || why == "" {
			t.Errorf("%s: %v %q", text, got, why)
		}
	}
	if _, err := NewFilter(`cpu <`, workspace); err == nil {
		t.Error("a broken policy became a filter")
	}
}
