package meta

import (
	"encoding/json"
	"testing"
	"time"
)

func TestSetConditionKeepsTransitionTime(t *testing.T) {
	first := At(time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC))
	later := At(first.Add(time.Hour))
	var conditions []Condition
	SetCondition(&conditions, Condition{Type: "Ready", Status: ConditionTrue, LastTransitionTime: first})
	SetCondition(&conditions, Condition{Type: "Ready", Status: ConditionTrue, LastTransitionTime: later})
	if len(conditions) != 1 || !conditions[0].LastTransitionTime.Equal(first.Time) {
		t.Fatalf("the status did not change, the time did: %+v", conditions)
	}
	SetCondition(&conditions, Condition{Type: "Ready", Status: ConditionFalse, LastTransitionTime: later})
	if IsTrue(conditions, "Ready") || !conditions[0].LastTransitionTime.Equal(later.Time) {
		t.Fatalf("the status changed, the time did not: %+v", conditions)
	}
}

func TestTimeSurvivesJSON(t *testing.T) {
	for _, want := range []Time{{}, At(time.Date(2024, 1, 15, 9, 0, 0, 5, time.UTC))} {
		data, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Time
		if err := json.Unmarshal(data, &got); err != nil || !got.Equal(want.Time) {
			t.Errorf("%s became %v (%v)", data, got, err)
		}
	}
}

func TestFieldErrors(t *testing.T) {
	var errs FieldErrors
	if errs.ToError() != nil {
		t.Error("nothing is wrong, yet there is an error")
	}
	errs.CheckLength("a", "", 1, 0)
	errs.CheckPattern("b", "x y", "^[a-z]+$")
	errs.CheckRange("c", 4, 1, 3)
	errs.CheckCount("d", 2, 0, 1)
	errs.CheckEnum("e", "blue", "red", "green")
	for _, path := range []string{"a", "b", "c", "d", "e"} {
		if !errs.Has(path) {
			t.Errorf("%s is wrong and was not reported: %v", path, errs)
		}
	}
}

func TestSelector(t *testing.T) {
	selector := LabelSelector{MatchLabels: map[string]string{"tier": "edge"}}
	if !selector.Matches(map[string]string{"tier": "edge", "zone": "a"}) || selector.Matches(nil) {
		t.Error("the selector selects the wrong objects")
	}
}
