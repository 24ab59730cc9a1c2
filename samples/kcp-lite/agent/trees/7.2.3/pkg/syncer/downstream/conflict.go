package downstream

import (
	"sort"
	"strings"
)

// Winner says whose value stands when both sides changed a field.
type Winner string

// The winners.
const (
	// WinnerWorkspace takes what is wanted.
	WinnerWorkspace Winner = "Workspace"
	// WinnerTarget takes what is there.
	WinnerTarget Winner = "Target"
	// WinnerNobody leaves the field as it was before, for a person to decide.
	WinnerNobody Winner = "Nobody"
)

// Rule says who wins below a path.
type Rule struct {
	Prefix string
	Winner Winner
}

// Conflict is one field that both sides changed.
type Conflict struct {
	Path                      string
	Before, Workspace, Target string
	Winner                    Winner
}

// Resolver merges two changed versions of one object. Of several rules the one with the longest prefix counts.
type Resolver struct {
	rules []Rule
}

// NewResolver gives a resolver. Without a rule for a path the workspace wins, except for the status.
func NewResolver(rules ...Rule) *Resolver {
	all := append([]Rule{{"", WinnerWorkspace}, {"status.", WinnerTarget}}, rules...)
	sort.SliceStable(all, func(i, j int) bool { return len(all[i].Prefix) < len(all[j].Prefix) })
	return &Resolver{rules: all}
}

func (r *Resolver) winner(path string) Winner {
	out := WinnerWorkspace
	for _, rule := range r.rules {
		if strings.HasPrefix(path, rule.Prefix) {
			out = rule.Winner
		}
	}
	return out
}

// Merge takes what either side changed since before. Conflicts are sorted by path.
func (r *Resolver) Merge(before, workspace, target map[string]string) (map[string]string, []Conflict) {
	merged := map[string]string{}
	var conflicts []Conflict
	for path := range union(before, workspace, target) {
		from, ours, theirs := at(before, path), at(workspace, path), at(target, path)
		value := ours
		switch {
		case ours == theirs || theirs == from:
		case ours == from:
			value = theirs
		default:
			conflict := Conflict{Path: path, Before: from.text, Workspace: ours.text, Target: theirs.text, Winner: r.winner(path)}
			conflicts = append(conflicts, conflict)
			value = map[Winner]field{WinnerWorkspace: ours, WinnerTarget: theirs, WinnerNobody: from}[conflict.Winner]
		}
		if value.there {
			merged[path] = value.text
		}
	}
	sort.Slice(conflicts, func(i, j int) bool { return conflicts[i].Path < conflicts[j].Path })
	return merged, conflicts
}

// field is a value that may be missing, which is not the same as empty.
type field struct {
	text  string
	there bool
}

func at(body map[string]string, path string) field {
	text, there := body[path]
	return field{text, there}
}

func union(bodies ...map[string]string) map[string]bool {
	out := map[string]bool{}
	for _, body := range bodies {
		for path := range body {
			out[path] = true
		}
	}
	return out
}
