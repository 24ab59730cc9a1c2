// Package generated knows every generated file: what it should hold, and what is on disk.
//
// Owner: Maintainers
package generated

import (
	"bytes"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"example.com/kcp-lite/internal/crd"
	"example.com/kcp-lite/internal/deepcopy"
	"example.com/kcp-lite/internal/groups"
	"example.com/kcp-lite/internal/source"
)

// CRDDir holds nothing but generated definitions.
const CRDDir = "config/crd"

// Code gives the content of all generated Go files by path.
func Code(module *source.Module) (map[string][]byte, error) {
	files, err := deepcopy.Generate(module)
	if err != nil {
		return nil, err
	}
	files[groups.Path], err = groups.Generate(module)
	return files, err
}

// CRDs gives the content of all definitions by path.
func CRDs(module *source.Module) (map[string][]byte, error) {
	return crd.Generate(module)
}

// OnDisk lists the generated Go files or definitions that exist, sorted.
func OnDisk(root string, code bool) ([]string, error) {
	dir := CRDDir
	if code {
		dir = "pkg"
	}
	var out []string
	err := filepath.WalkDir(filepath.Join(root, dir), func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		generatedCode := strings.HasPrefix(entry.Name(), source.GeneratedPrefix)
		if code != generatedCode || strings.HasPrefix(entry.Name(), ".") {
			return nil
		}
		relative, err := filepath.Rel(root, name)
		out = append(out, filepath.ToSlash(relative))
		return err
	})
	if os.IsNotExist(err) {
		err = nil
	}
	return out, err
}

// Write brings the disk in line and gives the paths that changed.
func Write(root string, files map[string][]byte, existing []string) ([]string, error) {
	stale, err := Stale(root, files, existing)
	if err != nil {
		return nil, err
	}
	for _, name := range stale {
		full := filepath.Join(root, name)
		content, wanted := files[name]
		if !wanted {
			err = os.Remove(full)
		} else if err = os.MkdirAll(filepath.Dir(full), 0o755); err == nil {
			err = os.WriteFile(full, content, 0o644)
		}
		if err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// Stale lists what is missing, differs, or should not exist, sorted.
func Stale(root string, files map[string][]byte, existing []string) ([]string, error) {
	var out []string
	for name, want := range files {
		have, err := os.ReadFile(filepath.Join(root, name))
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
		if err != nil || !bytes.Equal(have, want) {
			out = append(out, name)
		}
	}
	for _, name := range existing {
		if _, wanted := files[name]; !wanted {
			out = append(out, name)
		}
	}
	sort.Strings(out)
	return out, nil
}
