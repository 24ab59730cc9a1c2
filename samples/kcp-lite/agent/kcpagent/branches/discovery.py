"""Branch 5.2.4: discovery types."""

from __future__ import annotations

from kcpagent.model import (
    CAMEL,
    DNS,
    Branch,
    Enum,
    Kind,
    Struct,
    TypesFile,
    choice,
    conditions,
    flag,
    many,
    num,
    one,
    strings,
    text,
)

_SCOPE = Enum(
    "DiscoveryScope",
    "is whose APIs are discovered.",
    {
        "Workspace": "looks at one workspace.",
        "Target": "looks at one sync target.",
        "All": "looks at everything.",
    },
)

BRANCH = Branch(
    id="5.2.4",
    subject="Add Discovery types",
    package="pkg/apis/apiresource/v1alpha1",
    area="discovery",
    needs=(("5.1.2", "pkg/apis/apiresource/v1alpha1", "APIResource"),),
    files=(
        TypesFile(
            "types_discovery.go",
            (
                _SCOPE,
                Kind(
                    "Discovery",
                    "finds out which APIs there are and keeps the answer.",
                    "discoveries",
                    "disc",
                    columns=(("Resources", "integer", ".status.total"),),
                    spec=(
                        choice("Scope", _SCOPE, "is whose APIs are discovered.", default="Workspace"),
                        text(
                            "Subject",
                            "is the workspace or target; empty for All.",
                            "team-a",
                            pattern=DNS,
                            optional=True,
                        ),
                        many("Filters", "DiscoveryFilter", "choose among the APIs; none means all.", max=32),
                        num("RefreshSeconds", "is how often to look again, in seconds.", 300, 10, 86400),
                    ),
                    status=(
                        many("Groups", "DiscoveryGroup", "are the APIs found, by group.", max=256, key="Name"),
                        num("Total", "is how many resources were found.", 1, 0, 100000),
                        one(
                            "Refreshed",
                            "meta.Time",
                            "is when the answer was found.",
                            "&meta.Time{Time: time.Unix(1700000000, 0).UTC()}",
                            nested=False,
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
                Struct(
                    "DiscoveryFilter",
                    "chooses among APIs.",
                    (
                        text(
                            "Group",
                            "is the API group; empty means all.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        strings("Verbs", "must all be offered.", "get list", max=16),
                        flag("PublishedOnly", "leaves out what workspaces do not see."),
                    ),
                ),
                Struct(
                    "DiscoveryGroup",
                    "is one API group with its resources.",
                    (
                        text("Name", "is the group; `core` for the core group.", "apps", pattern=r"^[a-z0-9.-]+$"),
                        many(
                            "Resources", "DiscoveryResource", "are the group's resources.", min=1, max=512, key="Plural"
                        ),
                    ),
                ),
                Struct(
                    "DiscoveryResource",
                    "is one resource as clients see it.",
                    (
                        text("Plural", "is the name in URLs.", "deployments", max=63, pattern=DNS),
                        text("Kind", "is the name in objects.", "Deployment", max=63, pattern=CAMEL),
                        strings("Versions", "are the versions that any target serves.", "v1", min=1, max=16),
                        strings("Verbs", "are what every target allows.", "get list", max=16),
                        num("Targets", "is how many targets offer it.", 2, 1, 100000),
                    ),
                ),
            ),
            code="""
// Matches says whether a filter chooses an API.
func (in *DiscoveryFilter) Matches(resource *APIResource) bool {
	if in.Group != "" && in.Group != resource.Spec.Name.Group {
		return false
	}
	for _, verb := range in.Verbs {
		if !resource.Allows(verb) {
			return false
		}
	}
	return !in.PublishedOnly || resource.Status.State == APIResourcePublishStatePublished
}

func (in *Discovery) chooses(resource *APIResource) bool {
	if in.Spec.Scope == DiscoveryScopeTarget && resource.Spec.Target != in.Spec.Subject {
		return false
	}
	for i := range in.Spec.Filters {
		if in.Spec.Filters[i].Matches(resource) {
			return true
		}
	}
	return len(in.Spec.Filters) == 0
}

// Refresh finds the answer anew: the same resource of several targets is one, with the versions of any and
// the verbs of all. The answer is sorted, whatever the order of the resources.
func (in *Discovery) Refresh(resources []APIResource, now time.Time) {
	groups := map[string]map[string]*DiscoveryResource{}
	for i := range resources {
		one := &resources[i]
		if !in.chooses(one) {
			continue
		}
		name := one.Spec.Name.Group
		if name == "" {
			name = "core"
		}
		if groups[name] == nil {
			groups[name] = map[string]*DiscoveryResource{}
		}
		groups[name][one.Spec.Name.Plural] = mergeDiscovery(groups[name][one.Spec.Name.Plural], one)
	}
	in.Status.Groups, in.Status.Total = nil, 0
	for name, found := range groups {
		group := DiscoveryGroup{Name: name}
		for _, resource := range found {
			group.Resources = append(group.Resources, *resource)
		}
		sort.Slice(group.Resources, func(i, j int) bool { return group.Resources[i].Plural < group.Resources[j].Plural })
		in.Status.Groups = append(in.Status.Groups, group)
		in.Status.Total += int32(len(group.Resources))
	}
	sort.Slice(in.Status.Groups, func(i, j int) bool { return in.Status.Groups[i].Name < in.Status.Groups[j].Name })
	refreshed := meta.At(now)
	in.Status.Refreshed = &refreshed
}

func mergeDiscovery(known *DiscoveryResource, found *APIResource) *DiscoveryResource {
	if known == nil {
		known = &DiscoveryResource{Plural: found.Spec.Name.Plural, Kind: found.Spec.Name.Kind, Verbs: found.Spec.Verbs}
	}
	var verbs []string
	for _, verb := range known.Verbs {
		if found.Allows(verb) {
			verbs = append(verbs, verb)
		}
	}
	versions := map[string]bool{}
	for _, version := range known.Versions {
		versions[version] = true
	}
	for _, version := range found.Spec.Versions {
		if version.Served && !versions[version.Name] {
			known.Versions = append(known.Versions, version.Name)
		}
	}
	sort.Strings(known.Versions)
	known.Verbs = verbs
	known.Targets++
	return known
}
""",
        ),
    ),
    tests={
        "discovery_refresh_test.go": """
func offered(target string, versions []string, verbs ...string) APIResource {
	resource := *newAPIResource()
	resource.Spec.Target, resource.Spec.Verbs, resource.Spec.Versions = target, verbs, nil
	for _, version := range versions {
		resource.Spec.Versions = append(resource.Spec.Versions, APIResourceVersion{Name: version, Served: true})
	}
	return resource
}

func TestDiscoveryMergesTargets(t *testing.T) {
	discovery := newDiscovery()
	discovery.Spec.Filters = nil
	resources := []APIResource{
		offered("edge-1", []string{"v1"}, "get", "list", "delete"),
		offered("edge-2", []string{"v1", "v1beta1"}, "get", "list"),
	}
	want := []DiscoveryGroup{{Name: "apps", Resources: []DiscoveryResource{{
		Plural: "deployments", Kind: "Deployment", Versions: []string{"v1", "v1beta1"}, Verbs: []string{"get", "list"}, Targets: 2,
	}}}}
	for turn := 0; turn < 2; turn++ {
		discovery.Refresh(resources, time.Unix(1700000000, 0))
		if !reflect.DeepEqual(discovery.Status.Groups, want) || discovery.Status.Total != 1 {
			t.Errorf("%+v", discovery.Status.Groups)
		}
		resources[0], resources[1] = resources[1], resources[0]
	}
}

func TestDiscoveryFilters(t *testing.T) {
	resource := offered("edge-1", []string{"v1"}, "get", "list")
	for _, test := range []struct {
		filter DiscoveryFilter
		want   bool
	}{
		{DiscoveryFilter{}, true},
		{DiscoveryFilter{Group: "apps", Verbs: []string{"get"}}, true},
		{DiscoveryFilter{Group: "batch"}, false},
		{DiscoveryFilter{Verbs: []string{"delete"}}, false},
		{DiscoveryFilter{PublishedOnly: true}, false},
	} {
		if got := test.filter.Matches(&resource); got != test.want {
			t.Errorf("%+v: %v", test.filter, got)
		}
	}
}

func TestDiscoveryOfOneTarget(t *testing.T) {
	discovery := newDiscovery()
	discovery.Spec.Scope, discovery.Spec.Subject, discovery.Spec.Filters = DiscoveryScopeTarget, "edge-2", nil
	discovery.Refresh([]APIResource{offered("edge-1", []string{"v1"}, "get")}, time.Unix(1700000000, 0))
	if discovery.Status.Total != 0 {
		t.Errorf("found %+v, which edge-2 does not offer", discovery.Status.Groups)
	}
}
"""
    },
)
