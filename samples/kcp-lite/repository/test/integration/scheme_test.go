//go:build integration

package integration

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"example.com/kcp-lite/internal/crd"
	"example.com/kcp-lite/internal/source"
	"example.com/kcp-lite/pkg/apis/meta"
	"example.com/kcp-lite/pkg/apis/scheme"
)

func kinds(t *testing.T) (*meta.Scheme, []meta.GroupVersionKind) {
	t.Helper()
	all, err := scheme.New()
	if err != nil {
		t.Fatal(err)
	}
	return all, all.Kinds()
}

// Every kind of the scheme has exactly one definition on disk, and the other way round.
func TestSchemeAndDefinitionsAgree(t *testing.T) {
	module, err := source.Load("../..", "pkg")
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := crd.Build(module)
	if err != nil {
		t.Fatal(err)
	}
	_, registered := kinds(t)
	defined := map[meta.GroupVersionKind]bool{}
	for _, one := range definitions {
		gvk := meta.GroupVersionKind{GroupVersion: meta.GroupVersion{Group: one.Group, Version: one.Version}, Kind: one.Kind}
		defined[gvk] = true
		onDisk, err := os.ReadFile(filepath.Join("../..", one.Path()))
		if err != nil || string(onDisk) != string(one.YAML()) {
			t.Errorf("%s is not what the types say (%v)", one.Path(), err)
		}
	}
	lists := 0
	for _, gvk := range registered {
		item := gvk
		item.Kind = strings.TrimSuffix(gvk.Kind, "List")
		if !defined[item] {
			t.Errorf("%s is registered and has no definition", gvk)
		}
		if item != gvk {
			lists++
		}
	}
	if len(registered)-lists != len(defined) || lists != len(defined) {
		t.Errorf("%d definitions, %d kinds, %d lists", len(defined), len(registered)-lists, lists)
	}
}

// Every kind survives JSON, and its copy shares nothing with it that JSON would show.
func TestEveryKindSurvivesJSON(t *testing.T) {
	all, registered := kinds(t)
	for _, gvk := range registered {
		object, err := all.New(gvk)
		if err != nil {
			t.Fatal(err)
		}
		before, err := json.Marshal(object)
		if err != nil {
			t.Fatalf("%s: %v", gvk, err)
		}
		back, _ := all.New(gvk)
		if err := json.Unmarshal(before, back); err != nil {
			t.Fatalf("%s: %v", gvk, err)
		}
		copied := back.DeepCopyObject()
		back.GetTypeMeta().Kind = "Changed"
		after, err := json.Marshal(copied)
		if err != nil || string(after) != string(before) {
			t.Errorf("%s: %s became %s (%v)", gvk, before, after, err)
		}
	}
}
