// Package scheme knows every type of every API group of this module.
//
// Its list of groups is generated from the packages that exist (`make generate`), so that a new group is
// a new package and never an edit of a file that other branches edit too.
//
// Owner: Maintainers
package scheme
