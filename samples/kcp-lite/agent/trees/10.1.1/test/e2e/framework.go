package e2e

import (
	"context"
	"fmt"
	"sort"
	"time"

	apiresourcev1alpha1 "example.com/kcp-lite/pkg/apis/apiresource/v1alpha1"
	"example.com/kcp-lite/pkg/apis/meta"
	placementv1alpha1 "example.com/kcp-lite/pkg/apis/placement/v1alpha1"
	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/interfaces/placement"
	"example.com/kcp-lite/pkg/interfaces/syncer"
	"example.com/kcp-lite/pkg/metrics"
	"example.com/kcp-lite/pkg/placement/decision"
	"example.com/kcp-lite/pkg/placement/discovery"
	"example.com/kcp-lite/pkg/reconciler/placement/binding"
	"example.com/kcp-lite/pkg/reconciler/placement/crossworkspace"
	"example.com/kcp-lite/pkg/reconciler/placement/status"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
	"example.com/kcp-lite/pkg/syncer/downstream"
	"example.com/kcp-lite/pkg/syncer/engine"
	"example.com/kcp-lite/pkg/syncer/transformation"
)

// Workspace is the workspace that everything happens in.
const Workspace = "team-a"

// Framework is one control plane with its clusters. Time stands still until Advance.
type Framework struct {
	Targets    *synctarget.Store
	Placements *crossworkspace.Controller
	Bindings   *binding.Controller
	Statuses   *status.Aggregator
	Registry   *metrics.Registry
	// Clusters are the rehearsed clusters by target; make one fail with its Fail.
	Clusters map[string]*downstream.Memory

	now     time.Time
	life    *synctarget.Controller
	silent  map[string]bool
	engines map[string]*engine.Engine
	objects map[string]syncer.SyncerObject
}

// New gives a control plane with the policy of its workspace, an expression; the empty one allows everything.
func New(policy string) (*Framework, error) {
	f := &Framework{
		Targets: synctarget.NewStore(), Registry: metrics.NewRegistry(), Clusters: map[string]*downstream.Memory{},
		now: time.Date(2024, 1, 15, 9, 0, 0, 0, time.UTC), silent: map[string]bool{},
		engines: map[string]*engine.Engine{}, objects: map[string]syncer.SyncerObject{},
	}
	inventory := discovery.NewWorkspaceDiscoverer(f.Targets, nil)
	maker, err := decision.NewMaker(inventory, policy, placement.PlacementBudget{Candidates: 1000, TimeoutMillis: 60000}, 2, nil)
	if err != nil {
		return nil, err
	}
	f.life = &synctarget.Controller{
		Store: f.Targets, Queue: synctarget.NewQueue(syncer.SyncerBackoff{}), Clock: f, Patience: 30 * time.Second,
	}
	f.Placements = crossworkspace.NewController(f.Targets, syncer.SyncerBackoff{}, nil)
	f.Placements.AddWorkspace(Workspace, maker)
	f.Bindings = binding.NewController(Workspace, f.Placements, inventory)
	f.Statuses = status.NewAggregator(Workspace, f.Placements, func() time.Time { return f.now })
	return f, nil
}

// Now is the framework's time.
func (f *Framework) Now() meta.Time { return meta.At(f.now) }

// Advance lets time pass: targets that are not silent beat, and all are judged.
func (f *Framework) Advance(by time.Duration) error {
	f.now = f.now.Add(by)
	for _, target := range f.Targets.List() {
		if !f.silent[target.Name] {
			seen := f.Now()
			target.Status.LastHeartbeat = &seen
			if err := f.Targets.Put(target.DeepCopy()); err != nil {
				return err
			}
		}
		if err := f.life.Reconcile(target.Name); err != nil {
			return err
		}
	}
	metrics.CollectTargets(f.Registry, f.Targets)
	return nil
}

// Silence makes a target miss its heartbeats, or beat again.
func (f *Framework) Silence(name string, silent bool) { f.silent[name] = silent }

// AddTarget takes a cluster in that is ready at once.
func (f *Framework) AddTarget(name, location string, labels map[string]string) error {
	target := &workloadv1alpha1.SyncTarget{}
	target.Name = name
	target.Spec = workloadv1alpha1.SyncTargetSpec{
		Endpoint: "https://" + name + ".example.com", Location: location, Labels: labels, EvictAfterSeconds: 60,
		Credential: workloadv1alpha1.SyncTargetCredential{Type: "Token", SecretName: name, RotateAfterHours: 24},
		Cells:      []workloadv1alpha1.SyncTargetCell{{Name: "a", Weight: 1}},
	}
	target.Status.Capacity = &workloadv1alpha1.SyncTargetCapacity{MilliCPU: 1000, MemoryBytes: 1 << 30, Pods: 100}
	cluster := &downstream.Memory{}
	f.Clusters[name] = cluster
	push := downstream.NewSyncer(Workspace, func(string) (downstream.Cluster, error) { return cluster, nil })
	pipeline := transformation.NewPipeline(
		transformation.Namespaces{Workspace: Workspace}, transformation.Labels{Workspace: Workspace},
	)
	source := func(_ context.Context, key string) (syncer.SyncerObject, bool, error) {
		object, found := f.objects[name+" "+key]
		return object, found, nil
	}
	wire := &connection{target: *target}
	f.engines[name] = engine.New(target, source, pipeline, push.Handler(wire), syncer.SyncerBackoff{})
	if err := f.Targets.Put(target); err != nil {
		return err
	}
	return f.Advance(0)
}

// Place asks for a workload: a placement with its distribution.
func (f *Framework) Place(name string, locations, replicas int32) error {
	asked := &placementv1alpha1.Placement{}
	asked.Name = name
	asked.Spec = placementv1alpha1.PlacementSpec{PolicyName: "default", Strategy: "Spread", Locations: locations}
	if err := f.Placements.Put(Workspace, asked); err != nil {
		return err
	}
	wanted := &workloadv1alpha1.Distribution{}
	wanted.Name, wanted.Spec.PlacementName, wanted.Spec.Replicas = name, name, replicas
	wanted.Spec.Workload = workloadv1alpha1.DistributionWorkload{Kind: "Deployment", Name: name}
	return f.Bindings.Put(context.Background(), wanted)
}

// Settle decides, binds and syncs one workload, once. It gives the failures by target.
func (f *Framework) Settle(ctx context.Context, name string) (map[string]error, error) {
	if err := f.Placements.Settle(ctx); err != nil {
		return nil, err
	}
	decided, found := f.Placements.Get(Workspace, name)
	if !found {
		return nil, fmt.Errorf("there is no placement %s", name)
	}
	if err := f.Bindings.Bind(ctx, decided, decided.Status.Decisions); err != nil {
		return nil, err
	}
	distribution, _ := f.Bindings.Get(name)
	wanted := map[string]int32{}
	for _, target := range distribution.Status.Targets {
		wanted[target.Target] = target.Replicas
	}
	failures := map[string]error{}
	for target := range f.engines {
		if err := f.sync(ctx, target, name, wanted[target]); err != nil {
			failures[target] = err
		}
	}
	return failures, nil
}

func (f *Framework) sync(ctx context.Context, target, name string, replicas int32) error {
	object := syncer.SyncerObject{Kind: "Deployment", Namespace: "default", Name: name, Version: 1}
	key := engine.Key(object)
	delete(f.objects, target+" "+key)
	if replicas > 0 {
		object.Body = map[string]string{"spec.replicas": fmt.Sprint(replicas)}
		f.objects[target+" "+key] = object
	}
	err := f.engines[target].Sync(ctx, key)
	metrics.CollectEngine(f.Registry, target, f.engines[target].Stats())
	state, message := workloadv1alpha1.DistributionStateSettled, ""
	if err != nil {
		state, message = workloadv1alpha1.DistributionStateProgressing, err.Error()
	}
	f.Bindings.Observe(name, target, state, message)
	return err
}

// Running lists, sorted, what runs: `<target> <namespace>/<name> x<replicas>`.
func (f *Framework) Running(ctx context.Context) []string {
	var out []string
	for target, cluster := range f.Clusters {
		objects, err := cluster.All(ctx)
		if err != nil {
			continue // a cluster that is away shows nothing
		}
		for _, object := range objects {
			out = append(out, fmt.Sprintf("%s %s/%s x%s", target, object.Namespace, object.Name, object.Body["spec.replicas"]))
		}
	}
	sort.Strings(out)
	return out
}

type connection struct{ target workloadv1alpha1.SyncTarget }

func (c *connection) Target() *workloadv1alpha1.SyncTarget { return &c.target }

func (c *connection) Ping(context.Context) (syncer.SyncerHeartbeat, error) {
	return syncer.SyncerHeartbeat{Target: c.target.Name, Version: "v1.0.0"}, nil
}

func (c *connection) Supports(context.Context, apiresourcev1alpha1.APIResourceName) (bool, error) {
	return true, nil
}

func (c *connection) Close() error { return nil }
