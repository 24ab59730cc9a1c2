// Package chaos breaks things by a seeded plan. Whatever happens, the plane settles when it stops happening.
//
// Owner: OWNER
package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand"
	"testing"
	"time"

	"example.com/kcp-lite/test/e2e"
)

const (
	targets  = 6
	replicas = 24
)

// storm is a plane with the faults that befall it.
type storm struct {
	*e2e.Framework
	dice *rand.Rand
	// broken is the share of operations that fail now, in percent.
	broken int
}

func begin(t *testing.T, seed int64) *storm {
	t.Helper()
	plane, err := e2e.New("")
	if err != nil {
		t.Fatal(err)
	}
	one := &storm{Framework: plane, dice: rand.New(rand.NewSource(seed))}
	for i := 0; i < targets; i++ {
		if err := plane.AddTarget(fmt.Sprintf("edge-%d", i), fmt.Sprintf("location-%d", i), nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := 0; i < targets; i++ {
		plane.Clusters[fmt.Sprintf("edge-%d", i)].Fail = func(operation string) error {
			if operation != "all" && one.dice.Intn(100) < one.broken {
				return errors.New("chaos: " + operation)
			}
			return nil
		}
	}
	if err := plane.Place("web", 3, replicas); err != nil {
		t.Fatal(err)
	}
	return one
}

// happen is one step of the storm: a target falls silent or speaks, time passes, the workload is settled.
func (s *storm) happen(t *testing.T) {
	t.Helper()
	s.broken = s.dice.Intn(80)
	s.Silence(fmt.Sprintf("edge-%d", s.dice.Intn(targets)), s.dice.Intn(3) == 0)
	if err := s.Advance(time.Duration(s.dice.Intn(60)) * time.Second); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Settle(context.Background(), "web"); err != nil {
		t.Fatal(err)
	}
}

// calm ends all faults; one round of settling must be enough then.
func (s *storm) calm(t *testing.T) {
	t.Helper()
	s.broken = 0
	for i := 0; i < targets; i++ {
		s.Silence(fmt.Sprintf("edge-%d", i), false)
	}
	if err := s.Advance(time.Second); err != nil {
		t.Fatal(err)
	}
	if failures, err := s.Settle(context.Background(), "web"); err != nil || len(failures) != 0 {
		t.Fatalf("%v: %v", failures, err)
	}
}

func (s *storm) running(t *testing.T) int {
	t.Helper()
	sum := 0
	for _, line := range s.Running(context.Background()) {
		var target, object string
		var count int
		if _, err := fmt.Sscanf(line, "%s %s x%d", &target, &object, &count); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		sum += count
	}
	return sum
}

func TestEveryStormPasses(t *testing.T) {
	for seed := int64(1); seed <= 20; seed++ {
		one := begin(t, seed)
		for step := 0; step < 30; step++ {
			one.happen(t)
		}
		one.calm(t)
		if got := one.running(t); got != replicas || len(one.Running(context.Background())) != 3 {
			t.Errorf("seed %d: %d replicas run: %v", seed, got, one.Running(context.Background()))
		}
	}
}

func TestAllTargetsLostAndFound(t *testing.T) {
	one := begin(t, 1)
	one.calm(t)
	for i := 0; i < targets; i++ {
		one.Silence(fmt.Sprintf("edge-%d", i), true)
	}
	if err := one.Advance(10 * time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Settle(context.Background(), "web"); err != nil {
		t.Fatal(err)
	}
	if got := one.running(t); got != 0 {
		t.Errorf("%d replicas run on targets that are lost", got)
	}
	one.calm(t)
	if got := one.running(t); got != replicas {
		t.Errorf("%d replicas run", got)
	}
}
