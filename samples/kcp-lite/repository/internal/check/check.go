// Package check holds the rules of docs/conventions.md that a program can hold: `make verify`.
//
// Owner: Maintainers
package check

import (
	"fmt"

	"example.com/kcp-lite/internal/crd"
	"example.com/kcp-lite/internal/generated"
	"example.com/kcp-lite/internal/source"
)

// Problem is one broken rule.
type Problem struct {
	File    string
	Line    int
	Rule    string
	Message string
}

// String is `file:line: [rule] message`.
func (p Problem) String() string {
	return fmt.Sprintf("%s:%d: [%s] %s", p.File, p.Line, p.Rule, p.Message)
}

// Rule is one named check.
type Rule struct {
	Name  string
	Check func(*source.Module) ([]Problem, error)
}

// Rules are all checks in the order they are reported.
var Rules = []Rule{
	{"format", formatted},
	{"cycles", cycles},
	{"naming", naming},
	{"aliases", aliases},
	{"owners", owners},
	{"markers", markers},
	{"registration", registration},
	{"structural", structural},
	{"generated", stale},
}

func structural(module *source.Module) ([]Problem, error) {
	definitions, err := crd.Build(module)
	if err != nil {
		return []Problem{{generated.CRDDir, 1, "structural", err.Error()}}, nil
	}
	var out []Problem
	for _, one := range crd.Check(definitions) {
		out = append(out, Problem{one.File, one.Line, "structural", one.Message})
	}
	return out, nil
}

func stale(module *source.Module) ([]Problem, error) {
	var out []Problem
	for _, kind := range []struct {
		code    bool
		content func(*source.Module) (map[string][]byte, error)
	}{{true, generated.Code}, {false, generated.CRDs}} {
		files, err := kind.content(module)
		if err != nil {
			out = append(out, Problem{"go.mod", 1, "generated", "cannot generate: " + err.Error()})
			continue
		}
		existing, err := generated.OnDisk(module.Root, kind.code)
		if err != nil {
			return nil, err
		}
		names, err := generated.Stale(module.Root, files, existing)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			out = append(out, Problem{name, 1, "generated", "is stale: run `make generate` and commit the result"})
		}
	}
	return out, nil
}
