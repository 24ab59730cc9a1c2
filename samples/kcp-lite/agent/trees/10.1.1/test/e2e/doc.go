// Package e2e wires a whole control plane together in one process: what is asked for in a workspace arrives at
// rehearsed clusters, and what happens there comes back.
//
// Owner: OWNER
package e2e
