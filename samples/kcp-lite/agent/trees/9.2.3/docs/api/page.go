package main

import (
	"fmt"
	"go/ast"
	"reflect"
	"strings"

	"example.com/kcp-lite/internal/source"
)

// page describes a kind with one table of all its fields, each under its path in JSON.
func page(pkg *source.Package, kind *source.Type) string {
	_, version, _ := pkg.APIGroup()
	var out strings.Builder
	fmt.Fprintf(&out, "# %s\n\n%s\n\n`apiVersion: %s/%s`, `kind: %s`\n", kind.Name, kind.Doc, pkg.GroupName(), version, kind.Name)
	out.WriteString("\n| field | type | meaning | rules |\n|---|---|---|---|\n")
	rows(&out, pkg.Module, kind, "")
	return out.String()
}

// rows describes the fields of a struct and of every struct below it; there is no recursion in an API. What is
// inlined has no name and is left out, and so is what every object has.
func rows(out *strings.Builder, module *source.Module, one *source.Type, prefix string) {
	structure, ok := one.Spec.Type.(*ast.StructType)
	if !ok || one.File.Package.Name == "meta" {
		return
	}
	for _, field := range structure.Fields.List {
		if field.Tag == nil {
			continue
		}
		name, _, _ := strings.Cut(reflect.StructTag(strings.Trim(field.Tag.Value, "`")).Get("json"), ",")
		if name == "" || name == "-" || prefix+name == "metadata" {
			continue
		}
		out.WriteString(row(module, field, prefix+name))
		if next := one.File.Resolve(element(field.Type)); next != nil {
			rows(out, module, next, prefix+name+strings.Repeat("[]", lists(field.Type))+".")
		}
	}
}

func row(module *source.Module, field *ast.Field, path string) string {
	doc, markers := module.Comment(field.Doc)
	var rules []string
	for _, one := range markers {
		switch {
		case one.Name == "optional":
			rules = append(rules, "optional")
		case strings.HasPrefix(one.Name, "kubebuilder:validation:"):
			rules = append(rules, strings.TrimPrefix(one.Name, "kubebuilder:validation:")+" `"+one.Value+"`")
		}
	}
	cells := []string{"`" + path + "`", "`" + typeName(field.Type) + "`", doc, strings.Join(rules, ", ")}
	for i, cell := range cells {
		cells[i] = strings.ReplaceAll(cell, "|", `\|`)
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// lists is how many lists one is in.
func lists(expr ast.Expr) int {
	if list, ok := expr.(*ast.ArrayType); ok {
		return 1 + lists(list.Elt)
	}
	return 0
}

// element is what a pointer points at or a list consists of.
func element(expr ast.Expr) ast.Expr {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return element(e.X)
	case *ast.ArrayType:
		return element(e.Elt)
	case *ast.MapType:
		return element(e.Value)
	}
	return expr
}

func typeName(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.ArrayType:
		return "[]" + typeName(e.Elt)
	case *ast.MapType:
		return "map[" + typeName(e.Key) + "]" + typeName(e.Value)
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.Ident:
		return e.Name
	}
	return fmt.Sprintf("%T", expr)
}
