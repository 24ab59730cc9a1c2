// Package quota promises capacity: never more than a workspace may have, never more than there is.
//
// Owner: OWNER
package quota

import (
	"fmt"
	"sort"
	"sync"

	workloadv1alpha1 "example.com/kcp-lite/pkg/apis/workload/v1alpha1"
	"example.com/kcp-lite/pkg/reconciler/workload/synctarget"
)

// Exceeded says that a claim goes beyond what is left.
type Exceeded struct {
	// Subject is the workspace or target that has too little left.
	Subject string
	// Wanted and Left are the claim and what is left for it.
	Wanted, Left workloadv1alpha1.SyncTargetCapacity
}

// Error names subject, claim and what is left.
func (e *Exceeded) Error() string {
	return fmt.Sprintf("%s has %+v left, %+v is wanted", e.Subject, e.Left, e.Wanted)
}

// Claim is capacity that a workload of a workspace holds at a target.
type Claim struct {
	Workspace, Workload, Target string
	Amount                      workloadv1alpha1.SyncTargetCapacity
}

func (c Claim) key() string { return c.Workspace + "/" + c.Workload + "@" + c.Target }

// Manager keeps the books. It is safe for many goroutines.
type Manager struct {
	targets *synctarget.Store
	mutex   sync.Mutex
	limits  map[string]workloadv1alpha1.SyncTargetCapacity
	claims  map[string]Claim
}

// NewManager gives books without claims.
func NewManager(targets *synctarget.Store) *Manager {
	return &Manager{
		targets: targets,
		limits:  map[string]workloadv1alpha1.SyncTargetCapacity{},
		claims:  map[string]Claim{},
	}
}

// Limit sets the most that a workspace may hold. Claims that go beyond a lowered limit stay.
func (m *Manager) Limit(workspace string, most workloadv1alpha1.SyncTargetCapacity) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.limits[workspace] = most
}

// Hold promises capacity, in place of what the same workload held at the same target before.
// It gives *Exceeded, and changes nothing, when workspace or target have too little left.
func (m *Manager) Hold(claim Claim) error {
	target, err := m.targets.Get(claim.Target)
	if err != nil {
		return err
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var ofWorkspace, ofTarget workloadv1alpha1.SyncTargetCapacity
	for key, held := range m.claims {
		if key == claim.key() {
			continue
		}
		if held.Workspace == claim.Workspace {
			ofWorkspace = plus(ofWorkspace, held.Amount)
		}
		if held.Target == claim.Target {
			ofTarget = plus(ofTarget, held.Amount)
		}
	}
	if limit, limited := m.limits[claim.Workspace]; limited && !limit.Minus(ofWorkspace).Fits(claim.Amount) {
		return &Exceeded{Subject: "workspace " + claim.Workspace, Wanted: claim.Amount, Left: limit.Minus(ofWorkspace)}
	}
	if left := target.Free().Minus(ofTarget); !left.Fits(claim.Amount) {
		return &Exceeded{Subject: "target " + claim.Target, Wanted: claim.Amount, Left: left}
	}
	m.claims[claim.key()] = claim
	return nil
}

// Release takes back everything a workload holds; holding nothing is no error.
func (m *Manager) Release(workspace, workload string) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for key, held := range m.claims {
		if held.Workspace == workspace && held.Workload == workload {
			delete(m.claims, key)
		}
	}
}

// Claims lists what a workspace holds, sorted by workload and target.
func (m *Manager) Claims(workspace string) []Claim {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	var out []Claim
	for _, held := range m.claims {
		if held.Workspace == workspace {
			out = append(out, held)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key() < out[j].key() })
	return out
}

func plus(a, b workloadv1alpha1.SyncTargetCapacity) workloadv1alpha1.SyncTargetCapacity {
	return workloadv1alpha1.SyncTargetCapacity{
		MilliCPU: a.MilliCPU + b.MilliCPU, MemoryBytes: a.MemoryBytes + b.MemoryBytes, Pods: a.Pods + b.Pods,
	}
}
