package transformation

import (
	"context"
	"errors"
	"strings"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

// OwnerLabel marks everything that a syncer has made; its value is the workspace.
const OwnerLabel = "metadata.labels.kcp-lite-workspace"

const maxNamespace = 63

// Namespaces puts the objects of a workspace into namespaces of its own, so that workspaces cannot meet.
type Namespaces struct{ Workspace string }

// Name names the stage.
func (Namespaces) Name() string { return "namespaces" }

// Transform changes the namespace; cluster-scoped objects have none and keep it so.
func (n Namespaces) Transform(
	ctx context.Context, target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject,
) (syncer.SyncerObject, error) {
	if object.Namespace == "" {
		return object, nil
	}
	out := clone(object)
	out.Namespace = n.Workspace + "-" + object.Namespace
	if len(out.Namespace) > maxNamespace {
		return object, errors.New("namespace " + out.Namespace + " is too long")
	}
	return out, nil
}

// Labels marks whose object it is and drops what must not leave the workspace.
type Labels struct {
	Workspace string
	// Drop are the prefixes of paths that stay at home.
	Drop []string
}

// Name names the stage.
func (Labels) Name() string { return "labels" }

// Transform sets the owner label.
func (l Labels) Transform(
	ctx context.Context, target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject,
) (syncer.SyncerObject, error) {
	out := clone(object)
	for path := range object.Body {
		for _, prefix := range l.Drop {
			if strings.HasPrefix(path, prefix) {
				delete(out.Body, path)
			}
		}
	}
	out.Body[OwnerLabel] = l.Workspace
	return out, nil
}

// Rules applies the Transform objects that select a target, by priority and then name.
type Rules struct {
	transforms []workloadv1alpha1.Transform
}

// NewRules sorts transforms once; the list given is not changed.
func NewRules(transforms []workloadv1alpha1.Transform) *Rules {
	sorted := append([]workloadv1alpha1.Transform{}, transforms...)
	workloadv1alpha1.SortTransforms(sorted)
	return &Rules{transforms: sorted}
}

// Name names the stage.
func (*Rules) Name() string { return "rules" }

// Transform fails on the first transform that fails and does not say that failures are skipped.
func (r *Rules) Transform(
	ctx context.Context, target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject,
) (syncer.SyncerObject, error) {
	out := clone(object)
	for i := range r.transforms {
		one := &r.transforms[i]
		if !one.Selects(target) || !one.Spec.Match.Matches(object.Body["apiGroup"], object.Kind, object.Namespace) {
			continue
		}
		body, failures := one.Apply(object.Name, out.Body)
		if len(failures) > 0 && one.Spec.OnError != workloadv1alpha1.TransformErrorPolicySkip {
			return object, errors.New(one.Name + ": " + failures[0].Rule + ": " + failures[0].Message)
		}
		out.Body = body
	}
	return out, nil
}
