// Package metrics counts what happens and shows it in the text format of Prometheus.
//
// Owner: OWNER
package metrics
