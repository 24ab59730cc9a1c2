// Package source reads the module's own packages without compiling them, so that its tools work on a tree
// whose generated files are missing, stale or full of conflict marks.
//
// Owner: Maintainers
package source

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
)

// GeneratedPrefix starts the name of every generated Go file.
const GeneratedPrefix = "zz_generated."

// Module is everything below pkg/, parsed.
type Module struct {
	Path     string // module path of go.mod
	Root     string
	Fset     *token.FileSet
	Packages []*Package // sorted by directory
}

// Package is one directory of Go files.
type Package struct {
	Module *Module
	Dir    string // slashes, relative to the root
	Name   string
	Files  []*File // neither tests nor generated, sorted by name
	Tests  []*File
	Types  map[string]*Type
}

// File is one parsed file.
type File struct {
	Package *Package
	Name    string // slashes, relative to the root
	AST     *ast.File
	Imports []Import
}

// Import is one import of a file.
type Import struct {
	Alias string // as written; empty without one
	Path  string
	Line  int
}

// Load parses the packages below `dirs` of the module at root.
func Load(root string, dirs ...string) (*Module, error) {
	modulePath, err := readModulePath(root)
	if err != nil {
		return nil, err
	}
	module := &Module{Path: modulePath, Root: root, Fset: token.NewFileSet()}
	for _, dir := range dirs {
		if err := module.loadBelow(dir); err != nil {
			return nil, err
		}
	}
	sort.Slice(module.Packages, func(i, j int) bool { return module.Packages[i].Dir < module.Packages[j].Dir })
	return module, nil
}

func readModulePath(root string) (string, error) {
	data, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return "", err
	}
	for _, line := range strings.Split(string(data), "\n") {
		if words := strings.Fields(line); len(words) == 2 && words[0] == "module" {
			return words[1], nil
		}
	}
	return "", fmt.Errorf("go.mod names no module")
}

func (m *Module) loadBelow(dir string) error {
	err := filepath.WalkDir(filepath.Join(m.Root, dir), func(name string, entry os.DirEntry, err error) error {
		if err != nil || !entry.IsDir() {
			return err
		}
		relative, err := filepath.Rel(m.Root, name)
		if err != nil {
			return err
		}
		return m.loadPackage(filepath.ToSlash(relative))
	})
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func (m *Module) loadPackage(dir string) error {
	names, err := filepath.Glob(filepath.Join(m.Root, dir, "*.go"))
	if err != nil || len(names) == 0 {
		return err
	}
	pkg := &Package{Module: m, Dir: dir, Types: map[string]*Type{}}
	for _, name := range names { // Glob sorts
		if strings.HasPrefix(filepath.Base(name), GeneratedPrefix) {
			continue
		}
		if err := pkg.addFile(name); err != nil {
			return err
		}
	}
	if len(pkg.Files)+len(pkg.Tests) > 0 {
		m.Packages = append(m.Packages, pkg)
	}
	return nil
}

func (p *Package) addFile(name string) error {
	relative := path.Join(p.Dir, filepath.Base(name))
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(p.Module.Fset, relative, text, parser.ParseComments)
	if err != nil {
		return err
	}
	file := &File{Package: p, Name: relative, AST: parsed}
	for _, spec := range parsed.Imports {
		one := Import{Path: strings.Trim(spec.Path.Value, `"`), Line: p.Module.Line(spec.Pos())}
		if spec.Name != nil {
			one.Alias = spec.Name.Name
		}
		file.Imports = append(file.Imports, one)
	}
	if strings.HasSuffix(name, "_test.go") {
		p.Tests = append(p.Tests, file)
		return nil
	}
	p.Name = parsed.Name.Name
	p.Files = append(p.Files, file)
	p.addTypes(file)
	return nil
}

// Line is the line of a position in its file.
func (m *Module) Line(pos token.Pos) int {
	return m.Fset.Position(pos).Line
}

// ImportPath is how other packages import this one.
func (p *Package) ImportPath() string {
	return p.Module.Path + "/" + p.Dir
}

// Find gives the package of an import path, or nil when it is none of the module's.
func (m *Module) Find(importPath string) *Package {
	for _, pkg := range m.Packages {
		if pkg.ImportPath() == importPath {
			return pkg
		}
	}
	return nil
}

var versionName = regexp.MustCompile(`^v[0-9]`)

// APIGroup gives `<group>` and `<version>` of a package `pkg/apis/<group>/<version>`.
func (p *Package) APIGroup() (group, version string, ok bool) {
	parts := strings.Split(p.Dir, "/")
	if len(parts) != 4 || parts[0] != "pkg" || parts[1] != "apis" || !versionName.MatchString(parts[3]) {
		return "", "", false
	}
	return parts[2], parts[3], true
}
