package discovery

import (
	"context"
	"errors"
	"testing"
	"time"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/virtualworkspace"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

type offers struct {
	asked  int
	plural []string
	err    error
}

func (o *offers) list(ctx context.Context) ([]apiresourcev1alpha1.APIResource, error) {
	o.asked++
	var out []apiresourcev1alpha1.APIResource
	for _, plural := range o.plural {
		one := apiresourcev1alpha1.APIResource{}
		one.Spec.Target = "edge-1"
		one.Spec.Name = apiresourcev1alpha1.APIResourceName{Group: "apps", Plural: plural, Kind: "Thing"}
		out = append(out, one)
	}
	return out, o.err
}

var edge = virtualworkspace.VirtualWorkspaceLocation{View: "syncer", Workspace: "edge-1", Rest: "/apis"}

func discoverer(source *offers) (*Discoverer, *time.Time) {
	now := time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC)
	return &Discoverer{Source: source.list, RefreshAfter: time.Minute, Now: func() time.Time { return now }}, &now
}

func TestAnswersAreKeptUntilTheyAreOld(t *testing.T) {
	ctx, source := context.Background(), &offers{plural: []string{"deployments"}}
	one, now := discoverer(source)
	for _, later := range []time.Duration{0, 59 * time.Second, 2 * time.Second} {
		*now = now.Add(later)
		if answer, err := one.Discover(ctx, edge); err != nil || answer.Status.Total != 1 {
			t.Fatalf("%+v: %v", answer, err)
		}
	}
	if source.asked != 2 {
		t.Errorf("asked %d times, want 2", source.asked)
	}
	if err := one.Invalidate(ctx, edge); err != nil {
		t.Fatal(err)
	}
	source.err = errors.New("target away")
	if answer, err := one.Discover(ctx, edge); err != nil || answer.Status.Total != 1 || source.asked != 3 {
		t.Errorf("an old answer is better than none: %+v: %v", answer, err)
	}
	other := edge
	other.Workspace = "edge-2"
	if _, err := one.Discover(ctx, other); !virtualworkspace.IsVirtualWorkspaceRetryable(err) {
		t.Errorf("%v", err)
	}
}

func TestWatchersGetTheNewest(t *testing.T) {
	source := &offers{plural: []string{"deployments"}}
	one, now := discoverer(source)
	ctx, stop := context.WithCancel(context.Background())
	stream, err := one.Watch(ctx, edge)
	if err != nil {
		t.Fatal(err)
	}
	source.plural = append(source.plural, "daemonsets")
	*now = now.Add(time.Hour)
	if _, err := one.Discover(ctx, edge); err != nil {
		t.Fatal(err)
	}
	if answer := <-stream; answer.Status.Total != 2 {
		t.Errorf("a reader that was slow got %+v", answer.Status)
	}
	stop()
	if _, open := <-stream; open {
		t.Error("the stream outlives its context")
	}
}

func TestTheSyncersViewDiscovers(t *testing.T) {
	one, _ := discoverer(&offers{})
	if one.NewView(synctarget.NewStore()).Discoverer() != one {
		t.Error("the view has another discoverer")
	}
}
