package check

import (
	"fmt"
	"strings"

	"example.com/kcp-lite/internal/source"
)

// cycles finds packages that import each other in a circle; the compiler names only one of them.
func cycles(module *source.Module) ([]Problem, error) {
	var out []Problem
	state := map[string]int{} // 1 on the path, 2 done
	var path []string
	var visit func(pkg *source.Package)
	visit = func(pkg *source.Package) {
		state[pkg.Dir] = 1
		path = append(path, pkg.Dir)
		for _, file := range pkg.Files {
			for _, one := range file.Imports {
				next := module.Find(one.Path)
				if next == nil {
					continue
				}
				if state[next.Dir] == 1 {
					out = append(out, Problem{file.Name, one.Line, "cycles", "import cycle: " + circle(path, next.Dir)})
				} else if state[next.Dir] == 0 {
					visit(next)
				}
			}
		}
		path = path[:len(path)-1]
		state[pkg.Dir] = 2
	}
	for _, pkg := range module.Packages {
		if state[pkg.Dir] == 0 {
			visit(pkg)
		}
	}
	return out, nil
}

func circle(path []string, back string) string {
	for i, dir := range path {
		if dir == back {
			return strings.Join(append(append([]string{}, path[i:]...), back), " -> ")
		}
	}
	return back
}

// aliases holds imports to one name everywhere: `<group><version>` for API packages, none for all others.
func aliases(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, pkg := range module.Packages {
		for _, file := range append(append([]*source.File{}, pkg.Files...), pkg.Tests...) {
			for _, one := range file.Imports {
				if want := wantedAlias(module, one.Path); one.Alias != want {
					out = append(out, Problem{file.Name, one.Line, "aliases", aliasMessage(one, want)})
				}
			}
		}
	}
	return out, nil
}

func wantedAlias(module *source.Module, path string) string {
	if pkg := module.Find(path); pkg != nil {
		if group, version, ok := pkg.APIGroup(); ok {
			return group + version
		}
	}
	return ""
}

func aliasMessage(one source.Import, want string) string {
	if want == "" {
		return fmt.Sprintf("%s is imported as %q; import it without an alias", one.Path, one.Alias)
	}
	return fmt.Sprintf("%s must be imported as %s, not as %q", one.Path, want, one.Alias)
}
