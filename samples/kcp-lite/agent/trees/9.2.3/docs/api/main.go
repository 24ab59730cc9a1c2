// Command api writes one page for each kind of the API, from its types: `go generate ./docs/api`.
//
// Owner: OWNER
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"example.com/kcp-lite/internal/source"
)

//go:generate go run . ../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: api ROOT")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "api:", err)
		os.Exit(1)
	}
}

func run(root string) error {
	pages, err := Pages(root)
	if err != nil {
		return err
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, "docs", "api", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Pages gives the pages by file name: one for each kind, and README.md, which lists them.
func Pages(root string) (map[string]string, error) {
	module, err := source.Load(root, "pkg/apis")
	if err != nil {
		return nil, err
	}
	pages := map[string]string{}
	var index []string
	for _, pkg := range module.Packages {
		if _, _, isGroup := pkg.APIGroup(); !isGroup {
			continue
		}
		for _, one := range pkg.SortedTypes() {
			if !one.Markers.Has("kubebuilder:resource") {
				continue
			}
			name := strings.ToLower(one.Name) + ".md"
			pages[name] = page(pkg, one)
			index = append(index, fmt.Sprintf("- [%s](%s): %s", one.Name, name, one.Doc))
		}
	}
	sort.Strings(index)
	pages["README.md"] = "# API reference\n\nWritten by `go generate ./docs/api`.\n\n" + strings.Join(index, "\n") + "\n"
	return pages, nil
}
