// Package downstream carries what is wanted to a sync target.
//
// Owner: OWNER
package downstream
