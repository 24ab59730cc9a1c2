package discovery

import (
	"context"
	"errors"
	"reflect"
	"testing"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

var gateways = apiresourcev1alpha1.APIResourceName{Group: "net.example.com", Plural: "gateways", Kind: "Gateway"}

func offering(target string, state apiresourcev1alpha1.APIResourcePublishState) apiresourcev1alpha1.APIResource {
	one := apiresourcev1alpha1.APIResource{}
	one.Spec.Name, one.Spec.Target = gateways, target
	one.Spec.Versions = []apiresourcev1alpha1.APIResourceVersion{{Name: "v1", Served: true}, {Name: "v2"}}
	one.Status.State = state
	return one
}

func standing(name, location string) workloadv1alpha1.SyncTarget {
	target := workloadv1alpha1.SyncTarget{}
	target.Name, target.Spec.Location, target.Status.Phase = name, location, workloadv1alpha1.SyncTargetPhaseReady
	return target
}

func TestOnlyLocationsThatServeTheAPIStay(t *testing.T) {
	ctx := context.Background()
	var broken error
	one := NewAPIDiscoverer(
		synctarget.NewStore(standing("a", "eu-west"), standing("b", "asia"), standing("c", "us-east")),
		func(context.Context) ([]apiresourcev1alpha1.APIResource, error) {
			return []apiresourcev1alpha1.APIResource{
				offering("a", apiresourcev1alpha1.APIResourcePublishStatePublished),
				offering("b", apiresourcev1alpha1.APIResourcePublishStatePublished),
				offering("c", apiresourcev1alpha1.APIResourcePublishStateWithdrawn),
			}, broken
		},
	)
	if got, err := one.Locations(ctx, gateways, "v1"); err != nil || !reflect.DeepEqual(got, []string{"asia", "eu-west"}) {
		t.Errorf("%v: %v", got, err)
	}
	if got, _ := one.Locations(ctx, gateways, "v2"); len(got) != 0 {
		t.Errorf("v2 is not served, found %v", got)
	}
	filter := NeedsAPI{Discoverer: one, Resource: gateways, Version: "v1"}
	east := placementv1alpha1.PlacementCandidate{Location: "us-east"}
	if stays, why := filter.Filter(ctx, nil, east); stays || why != "gateways.net.example.com/v1 is not served at us-east" {
		t.Errorf("%v %q", stays, why)
	}
	if stays, why := filter.Filter(ctx, nil, placementv1alpha1.PlacementCandidate{Location: "asia"}); !stays {
		t.Error(why)
	}
	broken = errors.New("away")
	if stays, _ := filter.Filter(ctx, nil, placementv1alpha1.PlacementCandidate{Location: "asia"}); stays {
		t.Error("nobody knows, and it stays")
	}
}
