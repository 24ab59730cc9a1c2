"""Branch 5.2.3: status types."""

from __future__ import annotations

from kcpagent.model import (
    DNS,
    Branch,
    Enum,
    Field,
    Kind,
    Struct,
    TypesFile,
    choice,
    conditions,
    many,
    num,
    one,
    text,
)

_WORKLOAD = "pkg/apis/workload/v1alpha1"
_SYNCTARGET = ("5.1.1", _WORKLOAD, "SyncTarget")

_FUNCTION = Enum(
    "StatusFunction",
    "makes one value of the values of all targets.",
    {
        "Sum": "adds numbers up.",
        "Min": "takes the smallest number.",
        "Max": "takes the largest number.",
        "All": "is true when every target says true.",
        "Any": "is true when one target says true.",
    },
)

_HEALTH = Enum(
    "StatusHealth",
    "sums up how a workload is.",
    {
        "Healthy": "means that every target reports, without problems.",
        "Degraded": "means that some targets have problems.",
        "Unknown": "means that no target reports.",
    },
)

BRANCH = Branch(
    id="5.2.3",
    subject="Add Status Aggregation types",
    package=_WORKLOAD,
    area="status",
    needs=(_SYNCTARGET,),
    files=(
        TypesFile(
            "types_status.go",
            (
                _FUNCTION,
                _HEALTH,
                Kind(
                    "StatusAggregation",
                    "makes one status of what the sync targets report of a workload.",
                    "statusaggregations",
                    "sagg",
                    scope="Namespaced",
                    columns=(("Health", "string", ".status.health"),),
                    spec=(
                        one(
                            "Workload",
                            "meta.ObjectReference",
                            "is the workload.",
                            'meta.ObjectReference{Kind: "Deployment", Name: "web"}',
                            nested=False,
                        ),
                        many("Rules", "StatusRule", "say how fields are summed up.", min=1, max=64, key="Path"),
                        num("StaleAfterSeconds", "is when a report counts no longer, in seconds.", 120, 1, 86400),
                    ),
                    status=(
                        choice("Health", _HEALTH, "sums up how the workload is.", optional=True),
                        many("Values", "StatusValue", "are the fields summed up.", max=64, key="Path"),
                        many("Reports", "StatusReport", "are what single targets say.", max=64, key="Target"),
                        conditions(),
                    ),
                ),
                Struct(
                    "StatusRule",
                    "says how one field is summed up.",
                    (
                        text(
                            "Path",
                            "is the field as JSON path.",
                            "status.readyReplicas",
                            max=512,
                            pattern=r"^[A-Za-z0-9.]+$",
                        ),
                        choice("Function", _FUNCTION, "makes one value of many."),
                    ),
                ),
                Struct(
                    "StatusValue",
                    "is one number at one path; true is 1.",
                    (
                        text("Path", "is the field as JSON path.", "status.readyReplicas", max=512),
                        num("Number", "is the value.", 6, 0, 1 << 40, "int64"),
                    ),
                ),
                Struct(
                    "StatusReport",
                    "is what one target says of the workload.",
                    (
                        text("Target", "is the sync target.", "edge-1", pattern=DNS),
                        Field("Observed", "meta.Time", "is when it was said.", "meta.At(time.Unix(1700000000, 0))"),
                        many("Values", "StatusValue", "are the fields.", max=64, key="Path"),
                        text(
                            "Problem",
                            "says what is wrong at the target; empty when nothing is.",
                            "image missing",
                            max=1024,
                            optional=True,
                        ),
                    ),
                ),
            ),
            code="""
// Aggregate sums up the reports that are not stale; a stale one degrades the health.
func (in *StatusAggregation) Aggregate(reports []StatusReport, now time.Time) {
	in.Status.Reports, in.Status.Values = reports, nil
	fresh := in.fresh(reports, now)
	for _, rule := range in.Spec.Rules {
		var numbers []int64
		for _, report := range fresh {
			for _, value := range report.Values {
				if value.Path == rule.Path {
					numbers = append(numbers, value.Number)
				}
			}
		}
		if len(numbers) > 0 {
			in.Status.Values = append(in.Status.Values, StatusValue{Path: rule.Path, Number: rule.Function.Of(numbers)})
		}
	}
	in.Status.Health = StatusHealthUnknown
	for _, report := range fresh {
		if report.Problem != "" || len(fresh) < len(reports) {
			in.Status.Health = StatusHealthDegraded
			return
		}
		in.Status.Health = StatusHealthHealthy
	}
}

func (in *StatusAggregation) fresh(reports []StatusReport, now time.Time) []StatusReport {
	var out []StatusReport
	for _, report := range reports {
		if now.Sub(report.Observed.Time) <= time.Duration(in.Spec.StaleAfterSeconds)*time.Second {
			out = append(out, report)
		}
	}
	return out
}

// Of applies the function to one or more numbers; truth is any number but 0.
func (f StatusFunction) Of(numbers []int64) int64 {
	result := numbers[0]
	for _, number := range numbers[1:] {
		switch {
		case f == StatusFunctionSum:
			result += number
		case f == StatusFunctionMin || f == StatusFunctionAll:
			if number < result {
				result = number
			}
		case number > result:
			result = number
		}
	}
	if (f == StatusFunctionAll || f == StatusFunctionAny) && result != 0 {
		return 1
	}
	return result
}

// ReportStatus makes the report of a target; one that is not ready reports a problem.
func ReportStatus(target *SyncTarget, now time.Time, values ...StatusValue) StatusReport {
	report := StatusReport{Target: target.Name, Observed: meta.At(now), Values: values}
	if target.Status.Phase != SyncTargetPhaseReady {
		report.Problem = "the target is " + string(target.Status.Phase)
	}
	return report
}
""",
        ),
    ),
    tests={
        "status_aggregate_test.go": """
func TestStatusFunctions(t *testing.T) {
	numbers := []int64{3, 0, 5}
	for function, want := range map[StatusFunction]int64{
		StatusFunctionSum: 8, StatusFunctionMin: 0, StatusFunctionMax: 5, StatusFunctionAll: 0, StatusFunctionAny: 1,
	} {
		if got := function.Of(numbers); got != want {
			t.Errorf("%s of %v is %d, want %d", function, numbers, got, want)
		}
	}
}

func TestStatusAggregates(t *testing.T) {
	now := time.Unix(1700000000, 0)
	target := newSyncTarget()
	target.Status.Phase = SyncTargetPhaseReady
	ready := func(number int64) StatusValue { return StatusValue{Path: "status.readyReplicas", Number: number} }
	first := ReportStatus(target, now, ready(2))
	second := ReportStatus(target, now, ready(3))
	second.Target = "edge-2"
	old := ReportStatus(target, now.Add(-time.Hour), ready(9))
	sick := *target
	sick.Status.Phase = SyncTargetPhaseUnreachable
	for _, test := range []struct {
		name    string
		reports []StatusReport
		want    StatusHealth
		sum     int64
	}{
		{"all report", []StatusReport{first, second}, StatusHealthHealthy, 5},
		{"one is stale", []StatusReport{first, old}, StatusHealthDegraded, 2},
		{"one is sick", []StatusReport{first, ReportStatus(&sick, now, ready(1))}, StatusHealthDegraded, 3},
		{"none reports", nil, StatusHealthUnknown, 0},
	} {
		aggregation := newStatusAggregation()
		aggregation.Aggregate(test.reports, now)
		var sum int64
		for _, value := range aggregation.Status.Values {
			sum += value.Number
		}
		if aggregation.Status.Health != test.want || sum != test.sum {
			t.Errorf("%s: %s with %d, want %s with %d", test.name, aggregation.Status.Health, sum, test.want, test.sum)
		}
	}
}
"""
    },
)
