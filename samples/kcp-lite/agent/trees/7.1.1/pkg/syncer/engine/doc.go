// Package engine drives the syncer: workers take keys, look objects up, transform them and hand them over.
//
// Owner: OWNER
package engine
