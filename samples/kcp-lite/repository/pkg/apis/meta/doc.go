// Package meta holds what every API type is made of: type and object metadata, conditions, references,
// the scheme that knows all types, and the building blocks of validation.
//
// Owner: Maintainers
package meta
