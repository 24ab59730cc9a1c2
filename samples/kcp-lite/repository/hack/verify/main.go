// Command verify holds the module to docs/conventions.md. Exit code 1: rules are broken; 2: it could not look.
//
// Owner: Maintainers
package main

import (
	"flag"
	"fmt"
	"os"

	"example.com/kcp-lite/internal/check"
	"example.com/kcp-lite/internal/source"
)

func main() {
	only := flag.String("only", "", "run this one rule")
	flag.Parse()
	os.Exit(run(".", *only))
}

func run(root, only string) int {
	module, err := source.Load(root, "pkg", "internal", "hack", "test")
	if err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		return 2
	}
	ran, broken := 0, 0
	for _, rule := range check.Rules {
		if only != "" && rule.Name != only {
			continue
		}
		problems, err := rule.Check(module)
		if err != nil {
			fmt.Fprintln(os.Stderr, "verify:", err)
			return 2
		}
		for _, one := range problems {
			fmt.Println(one)
		}
		ran, broken = ran+1, broken+len(problems)
	}
	if ran == 0 {
		fmt.Fprintf(os.Stderr, "verify: there is no rule %q\n", only)
		return 2
	}
	if broken > 0 {
		fmt.Printf("verify: %d problems\n", broken)
		return 1
	}
	fmt.Printf("verify: %d packages, %d rules, no problems\n", len(module.Packages), ran)
	return 0
}
