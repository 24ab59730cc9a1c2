package downstream

import (
	"context"
	"sort"
	"strings"

	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/syncer/engine"
)

// appliedPath is where an object remembers which fields were applied to it.
const appliedPath = "metadata.annotations.kcp-lite-applied"

// Change is one field that an apply sets, or takes away.
type Change struct {
	Path     string
	From, To string
	Remove   bool
}

// Applier makes an object like what is wanted and leaves fields alone that it never set.
type Applier struct {
	cluster Cluster
	tries   int
}

// NewApplier gives an applier that tries an operation so often when the cluster fails.
func NewApplier(cluster Cluster, tries int) *Applier {
	return &Applier{cluster: cluster, tries: tries}
}

// Diff is what an apply would change, sorted by path. A field goes when it was applied before and is wanted no more.
func Diff(current, wanted map[string]string) []Change {
	var out []Change
	for path, value := range wanted {
		if now, there := current[path]; !there || now != value {
			out = append(out, Change{Path: path, From: now, To: value})
		}
	}
	for _, path := range strings.Split(current[appliedPath], ",") {
		_, still := wanted[path]
		if now, there := current[path]; there && !still {
			out = append(out, Change{Path: path, From: now, Remove: true})
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Path < out[j].Path })
	return out
}

// Apply gives the changes that it made; none when the object was as wanted.
func (a *Applier) Apply(ctx context.Context, wanted syncer.SyncerObject) ([]Change, error) {
	var current syncer.SyncerObject
	err := a.persist(ctx, func() (err error) {
		current, _, err = a.cluster.Get(ctx, engine.Key(wanted))
		return err
	})
	if err != nil {
		return nil, err
	}
	changes := Diff(current.Body, wanted.Body)
	if len(changes) == 0 {
		return nil, nil
	}
	merged := detached(wanted)
	merged.Body = detached(current).Body
	for _, change := range changes {
		if change.Remove {
			delete(merged.Body, change.Path)
		} else {
			merged.Body[change.Path] = change.To
		}
	}
	merged.Body[appliedPath] = strings.Join(sorted(wanted.Body), ",")
	return changes, a.persist(ctx, func() error {
		_, err := a.cluster.Put(ctx, merged)
		return err
	})
}

// persist tries again until it works, the tries are used up or ctx ends; the last error stands.
func (a *Applier) persist(ctx context.Context, operation func() error) error {
	var err error
	for try := 0; try < a.tries; try++ {
		if ended := ctx.Err(); ended != nil {
			return ended
		}
		if err = operation(); err == nil {
			return nil
		}
	}
	return &syncer.SyncerError{Operation: syncer.SyncerOperationPush, Subject: "apply", Retryable: true, Cause: err}
}

func sorted(body map[string]string) []string {
	paths := make([]string, 0, len(body))
	for path := range body {
		paths = append(paths, path)
	}
	sort.Strings(paths)
	return paths
}
