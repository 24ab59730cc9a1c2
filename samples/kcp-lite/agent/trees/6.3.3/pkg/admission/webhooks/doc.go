// Package webhooks admits objects: it fills in defaults and refuses what is not valid.
//
// Owner: OWNER
package webhooks
