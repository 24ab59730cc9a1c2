package scheme

import "testing"

func TestEveryGroupInstalls(t *testing.T) {
	scheme, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, gvk := range scheme.Kinds() {
		object, err := scheme.New(gvk)
		if err != nil {
			t.Fatal(err)
		}
		if got := object.DeepCopyObject().GetTypeMeta().Kind; got != gvk.Kind {
			t.Errorf("the copy of a %s says it is a %q", gvk, got)
		}
	}
}
