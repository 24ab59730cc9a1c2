package main

import (
	"os"
	"strings"
	"testing"

	"example.com/kcp-lite/pkg/apis/scheme"
)

// Every kind that can be registered has a page on disk and a line in the index; nothing is listed that is not there.
func TestEveryKindIsDocumented(t *testing.T) {
	all, err := scheme.New()
	if err != nil {
		t.Fatal(err)
	}
	index, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	for _, gvk := range all.Kinds() {
		if strings.HasSuffix(gvk.Kind, "List") {
			continue
		}
		kinds++
		name := strings.ToLower(gvk.Kind) + ".md"
		page, err := os.ReadFile(name)
		if err != nil || !strings.HasPrefix(string(page), "# "+gvk.Kind+"\n") || !strings.Contains(string(page), gvk.GroupVersion.String()) {
			t.Errorf("%s: %v: run `go generate ./docs/api`", name, err)
		}
		if !strings.Contains(string(index), "]("+name+")") {
			t.Errorf("README.md does not list %s", name)
		}
	}
	if listed := strings.Count(string(index), "\n- ["); listed != kinds || kinds == 0 {
		t.Errorf("%d pages are listed, there are %d kinds", listed, kinds)
	}
}

func TestAPageShowsFieldsAndRules(t *testing.T) {
	pages, err := Pages("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"| `spec.endpoint` | `string` |", "| `spec.cells` | `[]SyncTargetCell` |", "| `spec.cells[].taints[].key` |", "MinLength `1`",
	} {
		if !strings.Contains(pages["synctarget.md"], want) {
			t.Errorf("%q is missing", want)
		}
	}
	if strings.Contains(pages["synctarget.md"], "generation") {
		t.Error("the page explains what every object has")
	}
}
