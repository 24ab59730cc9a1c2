package e2e

import (
	"context"
	"reflect"
	"testing"
	"time"
)

var ctx = context.Background()

func plane(t *testing.T, policy string, targets ...[2]string) *Framework {
	t.Helper()
	f, err := New(policy)
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range targets {
		if err := f.AddTarget(one[0], one[1], map[string]string{"tier": "edge"}); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

func settled(t *testing.T, f *Framework, name string, want ...string) {
	t.Helper()
	if failures, err := f.Settle(ctx, name); err != nil || len(failures) != 0 {
		t.Fatalf("%v: %v", failures, err)
	}
	if got := f.Running(ctx); !reflect.DeepEqual(got, want) {
		t.Errorf("%v runs, want %v", got, want)
	}
}

func TestAWorkloadArrivesWhereItIsPlaced(t *testing.T) {
	f := plane(t, `labels["tier"] == "edge" && location != "us-east"`, [2]string{"a", "asia"}, [2]string{"b", "eu-west"}, [2]string{"c", "us-east"})
	if err := f.Place("web", 2, 5); err != nil {
		t.Fatal(err)
	}
	settled(t, f, "web", "a team-a-default/web x2", "b team-a-default/web x3")
	distribution, _ := f.Bindings.Get("web")
	if done, err := f.Bindings.Settled(ctx, distribution); !done || err != nil {
		t.Errorf("%+v: %v", distribution.Status, err)
	}
}

func TestAWorkloadLeavesATargetThatIsLost(t *testing.T) {
	f := plane(t, "", [2]string{"a", "asia"}, [2]string{"b", "eu-west"})
	if err := f.Place("web", 1, 4); err != nil {
		t.Fatal(err)
	}
	settled(t, f, "web", "a team-a-default/web x4")
	f.Silence("a", true)
	if err := f.Advance(31 * time.Second); err != nil {
		t.Fatal(err)
	}
	settled(t, f, "web", "b team-a-default/web x4")
	f.Silence("a", false)
	if err := f.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	settled(t, f, "web", "b team-a-default/web x4") // what runs well stays where it is
}
