package check

import (
	"fmt"
	"go/ast"
	"path"
	"strings"

	"example.com/kcp-lite/internal/source"
)

var generic = map[string]bool{
	"spec": true, "status": true, "config": true, "data": true, "info": true, "item": true, "object": true,
	"manager": true, "helper": true, "util": true, "type": true, "options": true,
}

// naming wants every exported type to begin with its feature area, and to say more than a generic word.
func naming(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, one := range exported(module) {
		area := areaOf(one.File)
		if area == "" {
			continue
		}
		name := strings.ToLower(one.Name)
		if !strings.HasPrefix(name, area) {
			out = append(out, at(one, "naming", "%s must begin with its feature area %q", one.Name, area))
		}
		if generic[name] {
			out = append(out, at(one, "naming", "%s is too generic a name", one.Name))
		}
	}
	return out, nil
}

// areaOf is `x` in `pkg/apis/<group>/<version>/types_x[_more].go` and in `pkg/interfaces/x/`, else empty.
func areaOf(file *source.File) string {
	base := strings.TrimSuffix(path.Base(file.Name), ".go")
	if _, _, ok := file.Package.APIGroup(); ok && strings.HasPrefix(base, "types_") {
		area, _, _ := strings.Cut(strings.TrimPrefix(base, "types_"), "_")
		return area
	}
	if path.Dir(file.Package.Dir) == "pkg/interfaces" {
		return path.Base(file.Package.Dir)
	}
	return ""
}

// markers wants deepcopy on every exported API struct, and validation in every file of types.
func markers(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, one := range exported(module) {
		if _, _, ok := one.File.Package.APIGroup(); !ok || !one.IsStruct() || !isTypesFile(one.File) {
			continue
		}
		if value, _ := one.Markers.Get("k8s:deepcopy-gen"); value != "true" {
			out = append(out, at(one, "markers", "%s has no +k8s:deepcopy-gen=true", one.Name))
		}
	}
	for _, pkg := range module.Packages {
		for _, file := range pkg.Files {
			if _, _, ok := pkg.APIGroup(); ok && isTypesFile(file) && !hasValidation(file) {
				out = append(out, Problem{file.Name, 1, "markers", "no type here has a +kubebuilder:validation marker"})
			}
		}
	}
	return out, nil
}

func hasValidation(file *source.File) bool {
	for _, group := range file.AST.Comments {
		if strings.Contains(group.Text(), "+kubebuilder:validation:") {
			return true
		}
	}
	return false
}

func isTypesFile(file *source.File) bool {
	return strings.HasPrefix(path.Base(file.Name), "types")
}

// registration wants every root object in the AddKnownTypes call of its package, and a list with every kind.
func registration(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, pkg := range module.Packages {
		known := registered(pkg)
		for _, one := range pkg.SortedTypes() {
			if value, _ := one.Markers.Get("kubebuilder:object:root"); value != "true" {
				continue
			}
			if !known[one.Name] {
				out = append(out, at(one, "registration", "%s is not registered: add &%s{} to %s/register.go", one.Name, one.Name, pkg.Dir))
			}
			if one.Markers.Has("kubebuilder:resource") && pkg.Types[one.Name+"List"] == nil {
				out = append(out, at(one, "registration", "%s has no %sList", one.Name, one.Name))
			}
		}
	}
	return out, nil
}

func registered(pkg *source.Package) map[string]bool {
	known := map[string]bool{}
	for _, file := range pkg.Files {
		ast.Inspect(file.AST, func(found ast.Node) bool {
			call, ok := found.(*ast.CallExpr)
			if !ok {
				return true
			}
			if function, ok := call.Fun.(*ast.SelectorExpr); ok && function.Sel.Name == "AddKnownTypes" {
				for _, argument := range call.Args {
					known[literalName(argument)] = true
				}
			}
			return true
		})
	}
	return known
}

// literalName is X in `&X{}`.
func literalName(expr ast.Expr) string {
	if address, ok := expr.(*ast.UnaryExpr); ok {
		if literal, ok := address.X.(*ast.CompositeLit); ok {
			if name, ok := literal.Type.(*ast.Ident); ok {
				return name.Name
			}
		}
	}
	return ""
}

func exported(module *source.Module) []*source.Type {
	var out []*source.Type
	for _, pkg := range module.Packages {
		for _, one := range pkg.SortedTypes() {
			if ast.IsExported(one.Name) {
				out = append(out, one)
			}
		}
	}
	return out
}

func at(one *source.Type, rule, text string, args ...interface{}) Problem {
	return Problem{one.File.Name, one.Line, rule, fmt.Sprintf(text, args...)}
}
