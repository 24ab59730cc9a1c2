package transformation

import (
	"context"
	"fmt"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
)

// Pipeline applies stages in their order; the first that fails stops it.
type Pipeline struct {
	stages []syncer.SyncerTransformer
}

var _ syncer.SyncerTransformer = &Pipeline{}

// NewPipeline gives a pipeline of stages.
func NewPipeline(stages ...syncer.SyncerTransformer) *Pipeline { return &Pipeline{stages: stages} }

// Name names the pipeline.
func (p *Pipeline) Name() string { return "pipeline" }

// Transform gives the object as the target shall see it, and leaves the one given untouched.
func (p *Pipeline) Transform(
	ctx context.Context, target *workloadv1alpha1.SyncTarget, object syncer.SyncerObject,
) (syncer.SyncerObject, error) {
	out := clone(object)
	for _, stage := range p.stages {
		if err := ctx.Err(); err != nil {
			return object, err
		}
		changed, err := stage.Transform(ctx, target, out)
		if err != nil {
			return object, fmt.Errorf("%s of %s/%s: %w", stage.Name(), object.Kind, object.Name, err)
		}
		out = changed
	}
	return out, nil
}

func clone(object syncer.SyncerObject) syncer.SyncerObject {
	body := make(map[string]string, len(object.Body))
	for path, value := range object.Body {
		body[path] = value
	}
	object.Body = body
	return object
}
