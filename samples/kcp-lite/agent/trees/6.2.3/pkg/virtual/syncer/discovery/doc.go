// Package discovery answers which APIs a workspace of the syncers' view has.
//
// Owner: OWNER
package discovery
