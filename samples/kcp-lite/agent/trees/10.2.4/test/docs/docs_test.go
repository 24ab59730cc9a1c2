// Package docs holds the guides to the code: what they name is there.
//
// Owner: OWNER
package docs

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"example.com/kcp-lite/internal/source"
	"example.com/kcp-lite/pkg/metrics"
	"example.com/kcp-lite/pkg/placement/policy"
)

const root = "../.."

func guides(t *testing.T) map[string]string {
	t.Helper()
	names, err := filepath.Glob("*.md")
	if err != nil || len(names) < 2 {
		t.Fatalf("%v: %v", names, err)
	}
	out := map[string]string{}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(text)
	}
	return out
}

var (
	named = regexp.MustCompile("`(pkg/[a-z/]+)\\.([A-Z][A-Za-z]*)`")
	link  = regexp.MustCompile(`\]\(([^)]+)\)`)
)

func TestEveryTypeThatIsNamedIsThere(t *testing.T) {
	module, err := source.Load(root, "pkg")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for guide, text := range guides(t) {
		for _, found := range named.FindAllStringSubmatch(text, -1) {
			count++
			pkg := module.Find(module.Path + "/" + found[1])
			if pkg == nil || pkg.Types[found[2]] == nil {
				t.Errorf("%s names %s.%s, which is not there", guide, found[1], found[2])
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d types are named: the pattern looks for the wrong thing", count)
	}
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	texts := guides(t)
	for guide, text := range texts {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			if _, err := os.Stat(found[1]); err != nil {
				t.Errorf("%s: %v", guide, err)
			}
		}
		if guide != "README.md" && !strings.Contains(texts["README.md"], "]("+guide+")") {
			t.Errorf("README.md does not list %s", guide)
		}
	}
}

func TestEveryPolicyShownCompiles(t *testing.T) {
	count := 0
	for _, line := range strings.Split(guides(t)["placement.md"], "\n") {
		if strings.HasPrefix(line, "    ") {
			count++
			if _, err := policy.Compile(strings.TrimSpace(line)); err != nil {
				t.Error(err)
			}
		}
	}
	if count == 0 {
		t.Error("no policy is shown")
	}
}

func TestCommandsAndMetricsExist(t *testing.T) {
	text := strings.Join([]string{guides(t)["troubleshooting.md"], guides(t)["clusters.md"]}, "")
	for _, command := range []string{"kubectl-tmc", "tmc-tui"} {
		if _, err := os.Stat(filepath.Join(root, "cmd", command, "main.go")); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(text, "`"+metrics.Failed+"`") || !strings.Contains(text, "kubectl tmc targets") {
		t.Error("the guides do not say where to look")
	}
}
