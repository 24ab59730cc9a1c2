// Package performance measures the hot paths, and holds them to limits that do not depend on the machine.
//
// Owner: OWNER
package performance

import (
	"context"
	"fmt"
	"testing"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/placement/policy"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/syncer/downstream"
	"example.com/kcp-lite/test/e2e"
)

func plane(tb testing.TB, targets int) *e2e.Framework {
	tb.Helper()
	out, err := e2e.New(`labels["tier"] == "edge"`)
	if err != nil {
		tb.Fatal(err)
	}
	for i := 0; i < targets; i++ {
		if err := out.AddTarget(fmt.Sprintf("edge-%d", i), fmt.Sprintf("location-%d", i%10), map[string]string{"tier": "edge"}); err != nil {
			tb.Fatal(err)
		}
	}
	return out
}

func settle(tb testing.TB, one *e2e.Framework, name string) {
	tb.Helper()
	if failures, err := one.Settle(context.Background(), name); err != nil || len(failures) != 0 {
		tb.Fatalf("%v: %v", failures, err)
	}
}

func BenchmarkSettle(b *testing.B) {
	for _, targets := range []int{10, 50} {
		b.Run(fmt.Sprintf("%d-targets", targets), func(b *testing.B) {
			one := plane(b, targets)
			b.ReportAllocs()
			b.ResetTimer()
			for i := 0; i < b.N; i++ {
				if err := one.Place("web", 5, int32(100+i%7)); err != nil {
					b.Fatal(err)
				}
				settle(b, one, "web")
			}
		})
	}
}

func BenchmarkPolicy(b *testing.B) {
	expression, err := policy.Compile(`labels["tier"] == "edge" && cpu < 80 || location in ["asia", "eu-west"]`)
	if err != nil {
		b.Fatal(err)
	}
	variables := policy.Variables{Location: "eu-west", Labels: map[string]string{"tier": "core"}, CPU: 40}
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if holds, err := expression.Holds(variables); !holds || err != nil {
			b.Fatal(holds, err)
		}
	}
}

func BenchmarkQueue(b *testing.B) {
	queue := synctarget.NewQueue(syncer.SyncerBackoff{})
	for i := 0; i < b.N; i++ {
		queue.Add("edge-1")
		key, err := queue.Take(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		queue.Done(key, nil)
	}
}

// Settling what is settled writes nothing to any cluster, however often it is done.
func TestSettlingAgainWritesNothing(t *testing.T) {
	one := plane(t, 20)
	if err := one.Place("web", 5, 50); err != nil {
		t.Fatal(err)
	}
	settle(t, one, "web")
	writes := 0
	for _, cluster := range one.Clusters {
		cluster.Fail = func(operation string) error {
			if operation == "put" || operation == "remove" {
				writes++
			}
			return nil
		}
	}
	for i := 0; i < 10; i++ {
		settle(t, one, "web")
	}
	if writes != 0 {
		t.Errorf("%d writes", writes)
	}
}

// The work for one field that changes does not grow with the size of the object.
func TestADiffIsAsLargeAsTheChange(t *testing.T) {
	for _, fields := range []int{10, 1000} {
		current, wanted := map[string]string{}, map[string]string{}
		for i := 0; i < fields; i++ {
			path := fmt.Sprintf("spec.field%d", i)
			current[path], wanted[path] = "a", "a"
		}
		wanted["spec.field3"] = "b"
		if changes := downstream.Diff(current, wanted); len(changes) != 1 {
			t.Errorf("%d fields: %d changes", fields, len(changes))
		}
	}
}

// A queue of one key needs no memory that grows.
func TestTheQueueDoesNotGrow(t *testing.T) {
	queue := synctarget.NewQueue(syncer.SyncerBackoff{})
	allocations := testing.AllocsPerRun(1000, func() {
		queue.Add("edge-1")
		key, err := queue.Take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		queue.Done(key, nil)
	})
	if allocations > 2 {
		t.Errorf("%v allocations a round", allocations)
	}
}
