package metrics

import (
	"fmt"
	"io"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Labels tell the series of one metric apart.
type Labels map[string]string

func (l Labels) String() string {
	parts := make([]string, 0, len(l))
	for key, value := range l {
		parts = append(parts, key+"="+strconv.Quote(value))
	}
	if len(parts) == 0 {
		return ""
	}
	sort.Strings(parts)
	return "{" + strings.Join(parts, ",") + "}"
}

type family struct {
	kind, help string
	series     map[string]float64
}

// Registry holds metrics. It is safe for many goroutines.
type Registry struct {
	mutex    sync.Mutex
	families map[string]*family
}

// NewRegistry gives a registry without metrics.
func NewRegistry() *Registry { return &Registry{families: map[string]*family{}} }

func (r *Registry) declare(name, kind, help string) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if known := r.families[name]; known != nil && known.kind != kind {
		panic(fmt.Sprintf("metric %s is declared as %s and as %s", name, known.kind, kind)) // a mistake in the program
	} else if known == nil {
		r.families[name] = &family{kind: kind, help: help, series: map[string]float64{}}
	}
}

func (r *Registry) change(name string, labels Labels, how func(float64) float64) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	series := r.families[name].series
	series[labels.String()] = how(series[labels.String()])
}

// Counter only rises.
type Counter struct {
	registry *Registry
	name     string
}

// Counter declares a counter; the same name gives the same counter.
func (r *Registry) Counter(name, help string) Counter {
	r.declare(name, "counter", help)
	return Counter{r, name}
}

// Add counts; a negative number counts nothing.
func (c Counter) Add(labels Labels, count float64) {
	if count > 0 {
		c.registry.change(c.name, labels, func(old float64) float64 { return old + count })
	}
}

// Gauge rises and falls.
type Gauge struct {
	registry *Registry
	name     string
}

// Gauge declares a gauge; the same name gives the same gauge.
func (r *Registry) Gauge(name, help string) Gauge {
	r.declare(name, "gauge", help)
	return Gauge{r, name}
}

// Set replaces the value.
func (g Gauge) Set(labels Labels, value float64) {
	g.registry.change(g.name, labels, func(float64) float64 { return value })
}

// Value gives one series; one that nobody wrote is 0.
func (r *Registry) Value(name string, labels Labels) float64 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if known := r.families[name]; known != nil {
		return known.series[labels.String()]
	}
	return 0
}

// Sum adds all series of a metric up.
func (r *Registry) Sum(name string) float64 {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	sum := 0.0
	if known := r.families[name]; known != nil {
		for _, value := range known.series {
			sum += value
		}
	}
	return sum
}

// Write shows everything, sorted.
func (r *Registry) Write(out io.Writer) error {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	names := make([]string, 0, len(r.families))
	for name := range r.families {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		one := r.families[name]
		if _, err := fmt.Fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, one.help, name, one.kind); err != nil {
			return err
		}
		labels := make([]string, 0, len(one.series))
		for series := range one.series {
			labels = append(labels, series)
		}
		sort.Strings(labels)
		for _, series := range labels {
			if _, err := fmt.Fprintf(out, "%s%s %v\n", name, series, one.series[series]); err != nil {
				return err
			}
		}
	}
	return nil
}

// ServeHTTP answers a scrape.
func (r *Registry) ServeHTTP(out http.ResponseWriter, _ *http.Request) {
	out.Header().Set("Content-Type", "text/plain; version=0.0.4")
	_ = r.Write(out) // the scraper has gone if this fails
}
