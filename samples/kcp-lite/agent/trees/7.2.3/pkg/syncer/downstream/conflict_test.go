package downstream

import (
	"reflect"
	"testing"
)

func TestMerge(t *testing.T) {
	before := map[string]string{"spec.image": "v1", "spec.replicas": "1", "status.ready": "1", "spec.old": "x", "spec.held": "a"}
	workspace := map[string]string{"spec.image": "v2", "spec.replicas": "2", "status.ready": "0", "spec.held": "b", "spec.new": "n"}
	target := map[string]string{"spec.image": "v1", "spec.replicas": "5", "status.ready": "3", "spec.old": "x", "spec.held": "c"}
	resolver := NewResolver(Rule{"spec.replicas", WinnerTarget}, Rule{"spec.held", WinnerNobody})
	merged, conflicts := resolver.Merge(before, workspace, target)
	want := map[string]string{"spec.image": "v2", "spec.replicas": "5", "status.ready": "3", "spec.held": "a", "spec.new": "n"}
	if !reflect.DeepEqual(merged, want) {
		t.Errorf("%v, want %v", merged, want)
	}
	var paths []string
	for _, one := range conflicts {
		paths = append(paths, one.Path+" "+string(one.Winner))
	}
	if got := []string{"spec.held Nobody", "spec.replicas Target", "status.ready Target"}; !reflect.DeepEqual(paths, got) {
		t.Errorf("%v", paths)
	}
}

func TestMergeIsQuietWhereOneSideChanged(t *testing.T) {
	before := map[string]string{"a": "1", "b": "1"}
	for _, test := range []struct{ workspace, target, want map[string]string }{
		{before, map[string]string{"a": "2", "b": "1"}, map[string]string{"a": "2", "b": "1"}},
		{map[string]string{"a": "1"}, before, map[string]string{"a": "1"}},
		{map[string]string{"a": "2"}, map[string]string{"a": "2"}, map[string]string{"a": "2"}},
	} {
		merged, conflicts := NewResolver().Merge(before, test.workspace, test.target)
		if !reflect.DeepEqual(merged, test.want) || len(conflicts) != 0 {
			t.Errorf("%v %v, want %v", merged, conflicts, test.want)
		}
	}
}

func TestTheLongestPrefixCounts(t *testing.T) {
	resolver := NewResolver(Rule{"status.replicas.wanted", WinnerWorkspace}, Rule{"status.replicas", WinnerNobody})
	for path, want := range map[string]Winner{
		"spec.x": WinnerWorkspace, "status.x": WinnerTarget, "status.replicas": WinnerNobody, "status.replicas.wanted": WinnerWorkspace,
	} {
		if got := resolver.winner(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
