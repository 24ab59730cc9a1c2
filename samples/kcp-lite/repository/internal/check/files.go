package check

import (
	"bytes"
	"go/format"
	"os"
	"path/filepath"
	"regexp"

	"example.com/kcp-lite/internal/source"
)

// formatted wants what gofmt writes.
func formatted(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, pkg := range module.Packages {
		for _, file := range append(append([]*source.File{}, pkg.Files...), pkg.Tests...) {
			text, err := os.ReadFile(filepath.Join(module.Root, file.Name))
			if err != nil {
				return nil, err
			}
			if pretty, err := format.Source(text); err != nil || !bytes.Equal(pretty, text) {
				out = append(out, Problem{file.Name, 1, "format", "is not formatted: run gofmt -w"})
			}
		}
	}
	return out, nil
}

var owner = regexp.MustCompile(`(?m)^Owner: \S+`)

// owners wants every package to say in its doc.go who answers for it.
func owners(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, pkg := range module.Packages {
		if len(pkg.Files) > 0 && !hasOwner(pkg) {
			message := "the package comment names no owner: add `// Owner: <who>` to " + pkg.Dir + "/doc.go"
			out = append(out, Problem{pkg.Files[0].Name, 1, "owners", message})
		}
	}
	return out, nil
}

func hasOwner(pkg *source.Package) bool {
	for _, file := range pkg.Files {
		if file.AST.Doc != nil && owner.MatchString(file.AST.Doc.Text()) {
			return true
		}
	}
	return false
}
