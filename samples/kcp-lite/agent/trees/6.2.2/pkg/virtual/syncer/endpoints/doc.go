// Package endpoints serves virtual workspaces over HTTP.
//
// Owner: OWNER
package endpoints
