// Package status makes one status of what all targets of a placement report.
//
// Owner: OWNER
package status

import (
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/reconciler/placement/crossworkspace"
)

// Aggregator keeps the newest report of every target for every workload of a workspace.
type Aggregator struct {
	workspace  string
	placements *crossworkspace.Controller
	now        func() time.Time

	mutex   sync.Mutex
	reports map[string]map[string]workloadv1alpha1.StatusReport // by workload, then target
}

// NewAggregator gives an aggregator that has heard of nothing.
func NewAggregator(workspace string, placements *crossworkspace.Controller, now func() time.Time) *Aggregator {
	return &Aggregator{
		workspace: workspace, placements: placements, now: now,
		reports: map[string]map[string]workloadv1alpha1.StatusReport{},
	}
}

// Report takes the status of one object at one target in. Numbers and truth values are kept, words are not.
func (a *Aggregator) Report(target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject) {
	var values []workloadv1alpha1.StatusValue
	for path, text := range object.Body {
		if !strings.HasPrefix(path, "status.") {
			continue
		}
		if number, ok := number(text); ok {
			values = append(values, workloadv1alpha1.StatusValue{Path: path, Number: number})
		}
	}
	sort.Slice(values, func(i, j int) bool { return values[i].Path < values[j].Path })
	a.mutex.Lock()
	defer a.mutex.Unlock()
	key := object.Kind + "/" + object.Name
	if a.reports[key] == nil {
		a.reports[key] = map[string]workloadv1alpha1.StatusReport{}
	}
	a.reports[key][target.Name] = workloadv1alpha1.ReportStatus(target, a.now(), values...)
}

func number(text string) (int64, bool) {
	if truth, err := strconv.ParseBool(text); err == nil && len(text) > 1 { // `1` and `0` are numbers
		if truth {
			return 1, true
		}
		return 0, true
	}
	value, err := strconv.ParseInt(text, 10, 64)
	return value, err == nil
}

// Forget drops the reports of a target that is no longer there.
func (a *Aggregator) Forget(target string) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	for _, reports := range a.reports {
		delete(reports, target)
	}
}

// Aggregate fills in the status of an aggregation, with a condition that says whether its placement is bound.
func (a *Aggregator) Aggregate(aggregation *workloadv1alpha1.StatusAggregation, placementName string) {
	workload := aggregation.Spec.Workload
	a.mutex.Lock()
	reports := make([]workloadv1alpha1.StatusReport, 0)
	for _, report := range a.reports[workload.Kind+"/"+workload.Name] {
		reports = append(reports, report)
	}
	a.mutex.Unlock()
	sort.Slice(reports, func(i, j int) bool { return reports[i].Target < reports[j].Target })
	now := a.now()
	aggregation.Aggregate(reports, now)
	placed := meta.Condition{
		Type: "Placed", Status: meta.ConditionFalse, Reason: "NoPlacement", LastTransitionTime: meta.At(now),
	}
	if known, found := a.placements.Get(a.workspace, placementName); found {
		placed.Reason = "Undecided"
		if len(known.Status.Decisions) > 0 {
			placed.Status, placed.Reason = meta.ConditionTrue, "Decided"
		}
	}
	meta.SetCondition(&aggregation.Status.Conditions, placed)
}
