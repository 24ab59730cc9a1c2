package crd

import (
	"fmt"
	"go/ast"
	"strings"

	"example.com/kcp-lite/internal/source"
)

// Definition is one custom resource definition.
type Definition struct {
	Group      string
	Version    string
	Kind       string
	Plural     string
	ShortNames []string
	Scope      string // Cluster or Namespaced
	HasStatus  bool
	Columns    []Column
	Schema     *Schema
	File       string // where the kind is declared
	Line       int
}

// Column is one column of `kubectl get`.
type Column struct {
	Name string
	Type string
	Path string
}

// Build makes the definitions of all kinds: `+kubebuilder:object:root=true` and `+kubebuilder:resource:...`.
func Build(module *source.Module) ([]*Definition, error) {
	var out []*Definition
	for _, pkg := range module.Packages {
		for _, one := range pkg.SortedTypes() {
			if !one.Markers.Has("kubebuilder:resource") {
				continue
			}
			definition, err := build(pkg, one)
			if err != nil {
				return nil, err
			}
			out = append(out, definition)
		}
	}
	return out, nil
}

func build(pkg *source.Package, one *source.Type) (*Definition, error) {
	_, version, ok := pkg.APIGroup()
	if group := pkg.GroupName(); !ok || group == "" {
		return nil, fmt.Errorf("%s: kind %s is in no API package with a +groupName marker", one.File.Name, one.Name)
	}
	if _, isStruct := one.Spec.Type.(*ast.StructType); !isStruct {
		return nil, fmt.Errorf("%s:%d: kind %s is not a struct", one.File.Name, one.Line, one.Name)
	}
	schema, err := new(builder).named(one)
	if err != nil {
		return nil, err
	}
	schema.Properties["metadata"] = &Schema{Type: "object"} // the API server knows it better than we do
	definition := &Definition{
		Group: pkg.GroupName(), Version: version, Kind: one.Name, Scope: "Namespaced",
		HasStatus: one.Markers.Has("kubebuilder:subresource:status"), Schema: schema, File: one.File.Name, Line: one.Line,
	}
	for _, marker := range one.Markers {
		definition.read(marker)
	}
	return definition, nil
}

func (d *Definition) read(marker source.Marker) {
	values := map[string]string{}
	for _, part := range strings.Split(marker.Value, ",") {
		key, value, _ := strings.Cut(part, "=")
		values[key] = strings.Trim(value, "`\"")
	}
	switch marker.Name {
	case "kubebuilder:resource":
		d.Plural = values["path"]
		if scope, ok := values["scope"]; ok {
			d.Scope = scope
		}
		if short, ok := values["shortName"]; ok {
			d.ShortNames = strings.Split(short, ";")
		}
	case "kubebuilder:printcolumn":
		d.Columns = append(d.Columns, Column{values["name"], values["type"], values["JSONPath"]})
	}
}

// Path is where the definition is kept.
func (d *Definition) Path() string {
	return fmt.Sprintf("config/crd/%s_%s.yaml", d.Group, d.Plural)
}

// Generate gives the content of all definitions by path.
func Generate(module *source.Module) (map[string][]byte, error) {
	definitions, err := Build(module)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, one := range definitions {
		out[one.Path()] = one.YAML()
	}
	return out, nil
}
