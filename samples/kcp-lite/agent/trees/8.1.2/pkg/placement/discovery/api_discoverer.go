// Package discovery knows where workloads can run: the locations whose targets serve what a workload needs.
//
// Owner: OWNER
package discovery

import (
	"context"
	"sort"
	"strings"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// APIDiscoverer knows which location serves which API.
type APIDiscoverer struct {
	targets *synctarget.Store
	offers  func(ctx context.Context) ([]apiresourcev1alpha1.APIResource, error)
}

// NewAPIDiscoverer asks offers for what the targets of a store serve.
func NewAPIDiscoverer(
	targets *synctarget.Store, offers func(ctx context.Context) ([]apiresourcev1alpha1.APIResource, error),
) *APIDiscoverer {
	return &APIDiscoverer{targets: targets, offers: offers}
}

// Locations lists, sorted, where at least one schedulable target publishes a resource in a version.
func (d *APIDiscoverer) Locations(ctx context.Context, name apiresourcev1alpha1.APIResourceName, version string) ([]string, error) {
	offers, err := d.offers(ctx)
	if err != nil {
		return nil, &placement.PlacementError{
			Operation: placement.PlacementOperationCollect, Subject: name.Plural, Retryable: true, Cause: err,
		}
	}
	serving := map[string]bool{}
	for i := range offers {
		one := &offers[i]
		published := one.Status.State == apiresourcev1alpha1.APIResourcePublishStatePublished
		if one.Spec.Name == name && published && one.Served(version) != nil {
			serving[one.Spec.Target] = true
		}
	}
	found := map[string]bool{}
	for _, target := range d.targets.List() {
		if serving[target.Name] && target.IsSchedulable() {
			found[target.Spec.Location] = true
		}
	}
	out := make([]string, 0, len(found))
	for location := range found {
		out = append(out, location)
	}
	sort.Strings(out)
	return out, nil
}

// NeedsAPI is a filter that keeps the locations that serve one API.
type NeedsAPI struct {
	Discoverer *APIDiscoverer
	Resource   apiresourcev1alpha1.APIResourceName
	Version    string
}

var _ placement.PlacementFilter = NeedsAPI{}

// Name names the filter in reasons.
func (NeedsAPI) Name() string { return "api" }

// Filter lets a location stay that serves the API; when nobody knows, it must not.
func (n NeedsAPI) Filter(
	ctx context.Context, asked *placementv1alpha1.Placement, candidate placementv1alpha1.PlacementCandidate,
) (bool, string) {
	locations, err := n.Discoverer.Locations(ctx, n.Resource, n.Version)
	if err != nil {
		return false, err.Error()
	}
	for _, location := range locations {
		if location == candidate.Location {
			return true, ""
		}
	}
	full := strings.Trim(n.Resource.Plural+"."+n.Resource.Group, ".")
	return false, full + "/" + n.Version + " is not served at " + candidate.Location
}
