// Package health says whether the control plane lives and can serve.
//
// Owner: OWNER
package health
