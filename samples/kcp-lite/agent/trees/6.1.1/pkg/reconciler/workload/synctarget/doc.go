// Package synctarget keeps sync targets: a store of them, a queue of work, and the controller that judges
// whether their syncers are alive.
//
// Owner: OWNER
package synctarget
