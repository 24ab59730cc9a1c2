package source

import (
	"go/ast"
	"go/token"
	"path"
	"sort"
	"strings"
)

// Type is one declared type.
type Type struct {
	Name    string
	File    *File
	Spec    *ast.TypeSpec
	Line    int
	Doc     string
	Markers Markers
}

// Marker is one `+name=value` line of a comment.
type Marker struct {
	Name  string
	Value string
	Line  int
}

// Markers are the marker lines of one comment, in order.
type Markers []Marker

// Get gives the value of the first marker of a name.
func (m Markers) Get(name string) (string, bool) {
	for _, one := range m {
		if one.Name == name {
			return one.Value, true
		}
	}
	return "", false
}

// Has says whether a marker is there.
func (m Markers) Has(name string) bool {
	_, ok := m.Get(name)
	return ok
}

// Comment splits a comment into its text and its markers.
func (m *Module) Comment(group *ast.CommentGroup) (string, Markers) {
	if group == nil {
		return "", nil
	}
	var text []string
	var markers Markers
	for _, comment := range group.List {
		line := strings.TrimSpace(strings.TrimPrefix(comment.Text, "//"))
		if !strings.HasPrefix(line, "+") {
			text = append(text, line)
			continue
		}
		name, value, _ := strings.Cut(line[1:], "=")
		if strings.HasPrefix(name, "kubebuilder:resource:") || strings.HasPrefix(name, "kubebuilder:printcolumn:") {
			kind, rest, _ := strings.Cut(strings.TrimPrefix(line[1:], "kubebuilder:"), ":")
			name, value = "kubebuilder:"+kind, rest
		}
		markers = append(markers, Marker{name, strings.Trim(value, "`"), m.Line(comment.Pos())})
	}
	return strings.TrimSpace(strings.Join(text, " ")), markers
}

func (p *Package) addTypes(file *File) {
	for _, decl := range file.AST.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		for _, spec := range general.Specs {
			typeSpec := spec.(*ast.TypeSpec)
			group := typeSpec.Doc
			if group == nil {
				group = general.Doc
			}
			doc, markers := p.Module.Comment(group)
			name := typeSpec.Name.Name
			p.Types[name] = &Type{name, file, typeSpec, p.Module.Line(typeSpec.Pos()), doc, markers}
		}
	}
}

// SortedTypes are the package's types by name.
func (p *Package) SortedTypes() []*Type {
	out := make([]*Type, 0, len(p.Types))
	for _, one := range p.Types {
		out = append(out, one)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out
}

// GroupName is the value of the package's `+groupName` marker, or empty.
func (p *Package) GroupName() string {
	for _, file := range p.Files {
		_, markers := p.Module.Comment(file.AST.Doc)
		if name, ok := markers.Get("groupName"); ok {
			return name
		}
	}
	return ""
}

// ImportOf gives the import path that a qualifier stands for in a file.
func (f *File) ImportOf(qualifier string) string {
	for _, one := range f.Imports {
		if one.Alias == qualifier || (one.Alias == "" && path.Base(one.Path) == qualifier) {
			return one.Path
		}
	}
	return ""
}

// Resolve gives the declared type an expression names; nil for built-in and foreign types.
func (f *File) Resolve(expr ast.Expr) *Type {
	switch e := expr.(type) {
	case *ast.Ident:
		return f.Package.Types[e.Name]
	case *ast.SelectorExpr:
		qualifier, ok := e.X.(*ast.Ident)
		if !ok {
			return nil
		}
		if pkg := f.Package.Module.Find(f.ImportOf(qualifier.Name)); pkg != nil {
			return pkg.Types[e.Sel.Name]
		}
	}
	return nil
}

// IsStruct says whether the type is declared as a struct.
func (t *Type) IsStruct() bool {
	_, ok := t.Spec.Type.(*ast.StructType)
	return ok
}

// Qualified is `<import path>.<name>`.
func (t *Type) Qualified() string {
	return t.File.Package.ImportPath() + "." + t.Name
}

// FieldNames are the Go names of a struct field; an embedded one is called like its type.
func FieldNames(field *ast.Field) []string {
	if len(field.Names) == 0 {
		return []string{embeddedName(field.Type)}
	}
	names := make([]string, len(field.Names))
	for i, name := range field.Names {
		names[i] = name.Name
	}
	return names
}

func embeddedName(expr ast.Expr) string {
	switch e := expr.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	case *ast.StarExpr:
		return embeddedName(e.X)
	}
	return ""
}
