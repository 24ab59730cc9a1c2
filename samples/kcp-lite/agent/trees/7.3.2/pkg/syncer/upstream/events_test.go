package upstream

import (
	"context"
	"errors"
	"testing"
	"time"

	"example.com/kcp-lite/pkg/interfaces/syncer"
)

var pod = syncer.SyncerObject{Kind: "Pod", Namespace: "shop", Name: "web-1", Body: map[string]string{"spec": "x"}}

func events(perObject int) (*EventSyncer, *time.Time) {
	now := time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)
	return &EventSyncer{Now: func() time.Time { return now }, PerObject: perObject}, &now
}

func TestRepeatedEventsAreCounted(t *testing.T) {
	one, now := events(8)
	for i := 0; i < 3; i++ {
		one.Record(pod, "BackOff", "restarting")
		*now = now.Add(time.Second)
	}
	one.Record(pod, "Pulled", "image is here")
	var got []Event
	send := func(_ context.Context, batch []Event) error { got = append(got, batch...); return nil }
	if err := one.Flush(context.Background(), send); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Reason != "BackOff" || got[0].Count != 3 || got[0].Last.Sub(got[0].First) != 2*time.Second {
		t.Errorf("%+v", got)
	}
	if got[0].Object.Body != nil {
		t.Error("an event carries its object")
	}
	if err := one.Flush(context.Background(), send); err != nil || len(got) != 2 {
		t.Errorf("sent again: %+v, %v", got, err)
	}
}

func TestWhatCouldNotBeSentStays(t *testing.T) {
	one, _ := events(8)
	one.Record(pod, "BackOff", "restarting")
	err := one.Flush(context.Background(), func(context.Context, []Event) error { return errors.New("away") })
	if !syncer.IsSyncerRetryable(err) {
		t.Errorf("%v", err)
	}
	var counts []int
	send := func(_ context.Context, batch []Event) error {
		counts = append(counts, batch[0].Count)
		if len(counts) == 1 {
			one.Record(pod, "BackOff", "restarting") // while the batch is on its way
		}
		return nil
	}
	one.Record(pod, "BackOff", "restarting")
	for i := 0; i < 3; i++ {
		if err := one.Flush(context.Background(), send); err != nil {
			t.Fatal(err)
		}
	}
	if len(counts) != 2 || counts[0] != 2 || counts[1] != 1 {
		t.Errorf("%v", counts)
	}
}

func TestOneObjectCannotFloodTheBatch(t *testing.T) {
	one, _ := events(2)
	for _, message := range []string{"a", "b", "c", "d", "a"} {
		one.Record(pod, "Noise", message)
	}
	if one.Dropped() != 2 {
		t.Errorf("%d dropped", one.Dropped())
	}
	other := pod
	other.Name = "web-2"
	one.Record(other, "Noise", "a")
	if len(one.pending) != 3 {
		t.Errorf("%d pending", len(one.pending))
	}
}
