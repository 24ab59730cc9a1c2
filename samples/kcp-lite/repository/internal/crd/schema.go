package crd

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"strings"

	"example.com/kcp-lite/internal/source"
)

// Schema is one node of an OpenAPI v3 schema, as far as the types of this module need it.
type Schema struct {
	Type        string
	Format      string
	Description string
	Nullable    bool
	Default     string // a JSON value; empty means none
	Enum        []string
	Pattern     string
	Bounds      map[string]int64 // minimum, maxLength, ...
	ListType    string
	ListMapKeys []string
	Items       *Schema
	Values      *Schema // additionalProperties
	Properties  map[string]*Schema
	Required    []string

	// Where the node comes from, for messages.
	File string
	Line int
}

// builder turns type expressions into schemas; the stack finds types that contain themselves.
type builder struct {
	stack []*source.Type
}

func (b *builder) of(file *source.File, expr ast.Expr) (*Schema, error) {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return b.of(file, e.X)
	case *ast.ArrayType:
		items, err := b.of(file, e.Elt)
		return &Schema{Type: "array", Items: items}, err
	case *ast.MapType:
		values, err := b.of(file, e.Value)
		return &Schema{Type: "object", Values: values}, err
	case *ast.StructType:
		return b.structure(file, e)
	case *ast.InterfaceType:
		return &Schema{}, nil // no type: the structural rules refuse it where it stands
	}
	if named := file.Resolve(expr); named != nil {
		return b.named(named)
	}
	return basic(file, expr)
}

func basic(file *source.File, expr ast.Expr) (*Schema, error) {
	switch name := types.ExprString(expr); name {
	case "string":
		return &Schema{Type: "string"}, nil
	case "bool":
		return &Schema{Type: "boolean"}, nil
	case "int32", "int64":
		return &Schema{Type: "integer", Format: name}, nil
	case "int":
		return &Schema{Type: "integer"}, nil
	case "any":
		return &Schema{}, nil
	default:
		return nil, fmt.Errorf("%s:%d: no schema for %s", file.Name, file.Package.Module.Line(expr.Pos()), name)
	}
}

func (b *builder) named(named *source.Type) (*Schema, error) {
	if strings.HasSuffix(named.File.Package.Dir, "pkg/apis/meta") && named.Name == "Time" {
		return &Schema{Type: "string", Format: "date-time", Nullable: true}, nil
	}
	for _, above := range b.stack {
		if above == named {
			return nil, fmt.Errorf("%s:%d: %s contains itself: a structural schema cannot be recursive", named.File.Name, named.Line, named.Name)
		}
	}
	b.stack = append(b.stack, named)
	defer func() { b.stack = b.stack[:len(b.stack)-1] }()
	schema, err := b.of(named.File, named.Spec.Type)
	if err != nil {
		return nil, err
	}
	schema.Description = named.Doc
	return schema, apply(schema, named.Markers, named.File.Name)
}

func (b *builder) structure(file *source.File, e *ast.StructType) (*Schema, error) {
	schema := &Schema{Type: "object", Properties: map[string]*Schema{}}
	for _, field := range e.Fields.List {
		if err := b.field(schema, file, field); err != nil {
			return nil, err
		}
	}
	return schema, nil
}

func (b *builder) field(parent *Schema, file *source.File, field *ast.Field) error {
	line := file.Package.Module.Line(field.Pos())
	name, options := jsonName(field)
	if name == "-" {
		return nil
	}
	schema, err := b.of(file, field.Type)
	if err != nil {
		return err
	}
	if name == "" && len(field.Names) == 0 { // embedded: its fields are the parent's
		for key, property := range schema.Properties {
			parent.Properties[key] = property
		}
		parent.Required = append(parent.Required, schema.Required...)
		return nil
	}
	if name == "" {
		return fmt.Errorf("%s:%d: %s has no json name", file.Name, line, field.Names[0].Name)
	}
	doc, markers := file.Package.Module.Comment(field.Doc)
	if doc != "" {
		schema.Description = doc
	}
	schema.File, schema.Line = file.Name, line
	if err := apply(schema, markers, file.Name); err != nil {
		return err
	}
	parent.Properties[name] = schema
	if required(options, markers) {
		parent.Required = append(parent.Required, name)
	}
	return nil
}

func jsonName(field *ast.Field) (name, options string) {
	if field.Tag == nil {
		return "", ""
	}
	tag := reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json")
	name, options, _ = strings.Cut(tag, ",")
	return name, options
}

func required(options string, markers source.Markers) bool {
	switch {
	case markers.Has("kubebuilder:validation:Required"):
		return true
	case markers.Has("optional"), markers.Has("kubebuilder:validation:Optional"), markers.Has("kubebuilder:default"):
		return false
	}
	return !strings.Contains(options, "omitempty")
}
