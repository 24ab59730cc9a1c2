package crd

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// Violation is one broken rule of one definition.
type Violation struct {
	File    string
	Line    int
	Message string
}

// Check holds all definitions against the rules of structural schemas.
func Check(definitions []*Definition) []Violation {
	var out []Violation
	taken := map[string]string{}
	for _, d := range definitions {
		c := &checker{definition: d, file: d.File, line: d.Line}
		c.names(taken)
		c.node("", d.Schema)
		out = append(out, c.found...)
	}
	return out
}

type checker struct {
	definition *Definition
	file       string
	line       int
	found      []Violation
}

func (c *checker) fail(path, text string, args ...interface{}) {
	where := c.definition.Kind
	if path != "" {
		where += path
	}
	c.found = append(c.found, Violation{c.file, c.line, where + ": " + fmt.Sprintf(text, args...)})
}

var label = regexp.MustCompile(`^[a-z]([-a-z0-9]*[a-z0-9])?$`)

func (c *checker) names(taken map[string]string) {
	d := c.definition
	if !label.MatchString(d.Plural) {
		c.fail("", "path=%q of +kubebuilder:resource is not a lower-case plural", d.Plural)
	}
	if d.Scope != "Cluster" && d.Scope != "Namespaced" {
		c.fail("", "scope=%q is neither Cluster nor Namespaced", d.Scope)
	}
	for _, name := range append([]string{d.Plural, strings.ToLower(d.Kind)}, d.ShortNames...) {
		key := d.Group + "/" + name
		if other, ok := taken[key]; ok && other != d.Kind {
			c.fail("", "the name %q is already taken by %s", name, other)
		}
		taken[key] = d.Kind
	}
	if d.HasStatus && d.Schema.Properties["status"] == nil {
		c.fail("", "has a status subresource and no status")
	}
}

// node checks one schema node and everything below it; where it breaks a rule the message names its JSON path.
func (c *checker) node(path string, s *Schema) {
	if s.File != "" {
		file, line := c.file, c.line
		c.file, c.line = s.File, s.Line
		defer func() { c.file, c.line = file, line }()
	}
	c.shape(path, s)
	c.constraints(path, s)
	c.value(path, s)
	c.mapKeys(path, s)
	for _, name := range propertyNames(s) {
		c.node(path+"."+name, s.Properties[name])
	}
	if s.Items != nil {
		c.node(path+"[]", s.Items)
	}
	if s.Values != nil {
		c.node(path+"{}", s.Values)
	}
}

func (c *checker) shape(path string, s *Schema) {
	if s.Type == "" {
		c.fail(path, "has no type: a structural schema gives every node one")
	}
	if len(s.Properties) > 0 && s.Values != nil {
		c.fail(path, "has both properties and additionalProperties")
	}
	if s.Type == "array" && s.Items == nil {
		c.fail(path, "is an array without items")
	}
	for _, name := range s.Required {
		if s.Properties[name] == nil {
			c.fail(path, "requires %q and has no such property", name)
		}
	}
}

var boundTypes = map[string]string{
	"minimum": "integer", "maximum": "integer", "minLength": "string", "maxLength": "string",
	"minItems": "array", "maxItems": "array", "minProperties": "object", "maxProperties": "object",
}

func (c *checker) constraints(path string, s *Schema) {
	for _, key := range sortedKeys(s.Bounds) {
		if s.Type != boundTypes[key] {
			c.fail(path, "has %s and is of type %s", key, s.Type)
		}
		upper := strings.Replace(key, "min", "max", 1)
		if max, ok := s.Bounds[upper]; ok && s.Bounds[key] > max {
			c.fail(path, "%s %d is above %s %d", key, s.Bounds[key], upper, max)
		}
	}
	if s.Pattern != "" && s.Type != "string" {
		c.fail(path, "has a pattern and is of type %s", s.Type)
	}
	if _, err := regexp.Compile(s.Pattern); err != nil {
		c.fail(path, "has an invalid pattern: %v", err)
	}
	seen := map[string]bool{}
	for _, value := range s.Enum {
		if value == "" || seen[value] {
			c.fail(path, "has the enum value %q empty or twice", value)
		}
		seen[value] = true
	}
}

func (c *checker) value(path string, s *Schema) {
	if s.Default == "" {
		return
	}
	var value interface{}
	if err := json.Unmarshal([]byte(s.Default), &value); err != nil {
		c.fail(path, "has a default that is no JSON: %s", s.Default)
		return
	}
	fits := false
	switch v := value.(type) {
	case string:
		fits = s.Type == "string" && (len(s.Enum) == 0 || contains(s.Enum, v))
		if matched, err := regexp.MatchString(s.Pattern, v); err == nil && !matched {
			fits = false
		}
	case float64:
		min, hasMin := s.Bounds["minimum"]
		max, hasMax := s.Bounds["maximum"]
		fits = s.Type == "integer" && !(hasMin && int64(v) < min) && !(hasMax && int64(v) > max)
	case bool:
		fits = s.Type == "boolean"
	}
	if !fits {
		c.fail(path, "has the default %s, which its own schema refuses", s.Default)
	}
}

func (c *checker) mapKeys(path string, s *Schema) {
	switch s.ListType {
	case "", "atomic", "set":
		return
	case "map":
	default:
		c.fail(path, "has the unknown list type %q", s.ListType)
	}
	if s.Type != "array" || s.Items == nil || len(s.ListMapKeys) == 0 {
		c.fail(path, "is listType=map and needs items and a +listMapKey")
		return
	}
	for _, key := range s.ListMapKeys {
		property := s.Items.Properties[key]
		if property == nil || (!contains(s.Items.Required, key) && property.Default == "") {
			c.fail(path, "has the map key %q, which is not a required property of its items", key)
		}
	}
}

func contains(all []string, one string) bool {
	for _, candidate := range all {
		if candidate == one {
			return true
		}
	}
	return false
}
