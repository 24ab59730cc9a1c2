// Package transformation changes objects on their way to a sync target.
//
// Owner: OWNER
package transformation
