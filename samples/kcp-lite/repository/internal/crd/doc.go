// Package crd makes custom resource definitions out of the API types and their kubebuilder markers, and
// checks them against the rules a Kubernetes API server has for structural schemas.
//
// Owner: Maintainers
package crd
