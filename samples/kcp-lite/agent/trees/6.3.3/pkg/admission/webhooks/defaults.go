package webhooks

import (
	"example.com/kcp-lite/pkg/apis/meta"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
)

// setDefaults fills in what an object leaves open. What is there already is never changed.
func setDefaults(object meta.Object) {
	switch one := object.(type) {
	case *workloadv1alpha1.SyncTarget:
		if one.Spec.Credential.Type == "" {
			one.Spec.Credential.Type = workloadv1alpha1.SyncTargetCredentialTypeToken
		}
		if one.Spec.Credential.RotateAfterHours == 0 {
			one.Spec.Credential.RotateAfterHours = 720
		}
		for i := range one.Spec.Cells {
			if one.Spec.Cells[i].Weight == 0 {
				one.Spec.Cells[i].Weight = 1
			}
		}
	case *placementv1alpha1.Placement:
		if one.Spec.Strategy == "" {
			one.Spec.Strategy = placementv1alpha1.PlacementStrategySpread
		}
		if one.Spec.Locations == 0 {
			one.Spec.Locations = 1
		}
	case *workloadv1alpha1.Distribution:
		if one.Spec.Strategy == "" {
			one.Spec.Strategy = placementv1alpha1.PlacementStrategySpread
		}
	}
}
