// Package integration tests all API groups together.
//
// Owner: Maintainers
package integration
