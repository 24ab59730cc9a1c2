package cluster

import (
	"context"
	"errors"
	"sort"
	"sync"
	"time"

	"example.com/kcp-lite/pkg/apis/meta"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Registration is a cluster that asks to be taken in.
type Registration struct {
	// Name becomes the name of the sync target.
	Name string
	// Endpoint is the URL of the cluster's API server.
	Endpoint string
	// Location is where the cluster stands.
	Location string
	// SecretName is the secret with the syncer's credential.
	SecretName string
	// Cells are the failure domains; none means one.
	Cells []string
	// Labels are what placements see.
	Labels map[string]string
}

// Controller takes clusters in and looks after their credentials.
type Controller struct {
	Targets   *synctarget.Store
	Connector syncer.SyncerConnector
	Clock     syncer.SyncerClock
	// RotateAfterHours is how long a credential lives, in hours.
	RotateAfterHours int32

	mutex   sync.Mutex
	rotated map[string]time.Time
}

// Register takes a cluster in, or changes what is known of it; what was observed of it stays.
func (c *Controller) Register(registration Registration) error {
	target, err := c.Targets.Get(registration.Name)
	if errors.Is(err, synctarget.ErrNotFound) {
		target = &workloadv1alpha1.SyncTarget{}
		target.Name = registration.Name
		target.CreationTimestamp = c.Clock.Now()
		target.Status.Phase = workloadv1alpha1.SyncTargetPhasePending
	}
	target.Generation++
	target.Spec.Endpoint = registration.Endpoint
	target.Spec.Location = registration.Location
	target.Spec.Labels = registration.Labels
	target.Spec.Cells = cells(registration.Cells)
	target.Spec.Credential = workloadv1alpha1.SyncTargetCredential{
		Type:             workloadv1alpha1.SyncTargetCredentialTypeToken,
		SecretName:       registration.SecretName,
		RotateAfterHours: c.RotateAfterHours,
	}
	return c.Targets.Put(target)
}

func cells(names []string) []workloadv1alpha1.SyncTargetCell {
	if len(names) == 0 {
		names = []string{"default"}
	}
	sorted := append([]string{}, names...)
	sort.Strings(sorted)
	out := make([]workloadv1alpha1.SyncTargetCell, len(sorted))
	for i, name := range sorted {
		out[i] = workloadv1alpha1.SyncTargetCell{Name: name, Weight: 1}
	}
	return out
}

// Probe asks every cluster for a sign of life and writes down what was heard. It gives the errors by cluster.
func (c *Controller) Probe(ctx context.Context) map[string]error {
	failures := map[string]error{}
	for _, target := range c.Targets.List() {
		if err := c.probe(ctx, target.DeepCopy()); err != nil {
			failures[target.Name] = err
		}
	}
	return failures
}

func (c *Controller) probe(ctx context.Context, target *workloadv1alpha1.SyncTarget) error {
	if c.due(target) {
		if err := c.Connector.Rotate(ctx, target); err != nil {
			return &syncer.SyncerError{Operation: syncer.SyncerOperationConnect, Subject: target.Name, Retryable: true, Cause: err}
		}
		c.mark(target.Name)
	}
	connection, err := c.Connector.Connect(ctx, target)
	if err != nil {
		return &syncer.SyncerError{Operation: syncer.SyncerOperationConnect, Subject: target.Name, Retryable: true, Cause: err}
	}
	defer connection.Close()
	heartbeat, err := connection.Ping(ctx)
	if err != nil {
		return err
	}
	seen := heartbeat.Seen
	target.Status.LastHeartbeat = &seen
	target.Status.SyncerVersion = heartbeat.Version
	meta.SetCondition(&target.Status.Conditions, meta.Condition{
		Type: "Connected", Status: meta.ConditionTrue, Reason: "HeartbeatSeen", LastTransitionTime: c.Clock.Now(),
	})
	return c.Targets.Put(target)
}

// due says whether a credential is at the end of its life; the life of the first begins with the target.
func (c *Controller) due(target *workloadv1alpha1.SyncTarget) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	since, known := c.rotated[target.Name]
	if !known {
		since = target.CreationTimestamp.Time
	}
	life := time.Duration(target.Spec.Credential.RotateAfterHours) * time.Hour
	return c.Clock.Now().Sub(since) >= life
}

func (c *Controller) mark(name string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.rotated == nil {
		c.rotated = map[string]time.Time{}
	}
	c.rotated[name] = c.Clock.Now().Time
}
