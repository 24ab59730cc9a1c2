// Package tunnel connects a syncer behind a firewall with its workspace: one WebSocket, made from inside.
//
// Owner: OWNER
package tunnel
