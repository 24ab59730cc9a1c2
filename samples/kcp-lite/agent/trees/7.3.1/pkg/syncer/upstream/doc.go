// Package upstream carries what is observed at a sync target back to the workspace.
//
// Owner: OWNER
package upstream
