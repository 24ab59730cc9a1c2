// Command generate writes deepcopy methods, the list of API groups and the CRDs.
//
// Owner: Maintainers
package main

import (
	"flag"
	"fmt"
	"os"

	"example.com/kcp-lite/internal/generated"
	"example.com/kcp-lite/internal/source"
)

func main() {
	onlyCRDs := flag.Bool("crd-only", false, "write nothing but config/crd")
	flag.Parse()
	if err := run(".", *onlyCRDs); err != nil {
		fmt.Fprintln(os.Stderr, "generate:", err)
		os.Exit(1)
	}
}

func run(root string, onlyCRDs bool) error {
	module, err := source.Load(root, "pkg")
	if err != nil {
		return err
	}
	if !onlyCRDs {
		if err := write(module, true, generated.Code); err != nil {
			return err
		}
	}
	return write(module, false, generated.CRDs)
}

func write(module *source.Module, code bool, content func(*source.Module) (map[string][]byte, error)) error {
	files, err := content(module)
	if err != nil {
		return err
	}
	existing, err := generated.OnDisk(module.Root, code)
	if err != nil {
		return err
	}
	changed, err := generated.Write(module.Root, files, existing)
	for _, name := range changed {
		fmt.Println("generated", name)
	}
	return err
}
