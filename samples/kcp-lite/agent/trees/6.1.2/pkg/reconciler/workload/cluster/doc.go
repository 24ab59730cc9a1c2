// Package cluster takes clusters in: each becomes a sync target whose credential is rotated in time.
//
// Owner: OWNER
package cluster
