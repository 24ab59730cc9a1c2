package health

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sort"
	"strings"
	"sync"
	"time"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Check is nil when its subject is well. It must end when ctx does.
type Check func(ctx context.Context) error

// Checks are named checks. The zero value has none and is healthy.
type Checks struct {
	// Timeout bounds each check; 0 means ten seconds.
	Timeout time.Duration

	mutex  sync.Mutex
	checks map[string]Check
}

// Result is what one check found.
type Result struct {
	Name string
	Err  error
}

// Add adds a check, or replaces the one of that name.
func (c *Checks) Add(name string, check Check) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.checks == nil {
		c.checks = map[string]Check{}
	}
	c.checks[name] = check
}

// Run runs all checks at once and gives their results by name. A check that hangs counts as failed.
func (c *Checks) Run(ctx context.Context) []Result {
	limit := c.Timeout
	if limit == 0 {
		limit = 10 * time.Second
	}
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	c.mutex.Lock()
	found := make(chan Result, len(c.checks)) // buffered: one that hangs can still end later
	waiting := map[string]bool{}
	for name, check := range c.checks {
		waiting[name] = true
		go func(name string, check Check) { found <- Result{name, guarded(ctx, check)} }(name, check)
	}
	c.mutex.Unlock()
	var out []Result
	for len(waiting) > 0 {
		select {
		case result := <-found:
			delete(waiting, result.Name)
			out = append(out, result)
		case <-ctx.Done():
			for name := range waiting {
				out = append(out, Result{name, fmt.Errorf("no answer within %s", limit)})
			}
			waiting = nil
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

func guarded(ctx context.Context, check Check) (err error) {
	defer func() {
		if caught := recover(); caught != nil {
			err = fmt.Errorf("the check panicked: %v", caught)
		}
	}()
	return check(ctx)
}

// ServeHTTP answers 200 when everything is well, else 503, with a line for each check.
func (c *Checks) ServeHTTP(out http.ResponseWriter, in *http.Request) {
	code := http.StatusOK
	var text strings.Builder
	for _, result := range c.Run(in.Context()) {
		if result.Err == nil {
			fmt.Fprintf(&text, "ok   %s\n", result.Name)
			continue
		}
		code = http.StatusServiceUnavailable
		fmt.Fprintf(&text, "FAIL %s: %v\n", result.Name, result.Err)
	}
	out.WriteHeader(code)
	_, _ = out.Write([]byte(text.String())) // the client has gone if this fails
}

// Handler serves /healthz with the checks for being alive and /readyz with those for being able to serve.
func Handler(alive, ready *Checks) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/healthz", alive)
	mux.Handle("/readyz", ready)
	return mux
}

// TargetsReady wants a share, in percent, of all targets to be ready.
func TargetsReady(targets *synctarget.Store, percent int) Check {
	return func(context.Context) error {
		all, ready := targets.List(), 0
		for _, target := range all {
			if target.Status.Phase == workloadv1alpha1.SyncTargetPhaseReady {
				ready++
			}
		}
		if len(all) == 0 {
			return errors.New("there are no targets")
		}
		if ready*100 < percent*len(all) {
			return fmt.Errorf("%d of %d targets are ready, %d%% are wanted", ready, len(all), percent)
		}
		return nil
	}
}
