// Package rollback remembers revisions and goes back to the last good one.
//
// Owner: OWNER
package rollback
