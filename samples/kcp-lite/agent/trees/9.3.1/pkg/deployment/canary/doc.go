// Package canary rolls a change out in steps and stops when the metrics get worse.
//
// Owner: OWNER
package canary
