"""Branch 5.1.2: apiresource types."""

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
    one,
    strings,
    text,
)

_PUBLISH = Enum(
    "APIResourcePublishState",
    "is whether an API is offered to workspaces.",
    {
        "Pending": "waits for negotiation.",
        "Published": "is offered.",
        "Withdrawn": "is no longer offered.",
    },
)

_POLICY = Enum(
    "NegotiationPolicy",
    "is what happens when two schemas differ.",
    {
        "NarrowToCommon": "keeps what all targets understand.",
        "KeepExisting": "changes nothing.",
        "Refuse": "publishes nothing.",
    },
)

_VERDICT = Enum(
    "NegotiationVerdict",
    "is what a negotiation found.",
    {
        "Compatible": "means that every schema accepts the common one.",
        "Narrowed": "means that fields were left out.",
        "Incompatible": "means that there is no common schema.",
    },
)

BRANCH = Branch(
    id="5.1.2",
    subject="Add APIResource and Negotiation types",
    package="pkg/apis/apiresource/v1alpha1",
    area="apiresource",
    group="apiresource",
    contributors="Agent 4",
    doc="Package v1alpha1 holds the API resource group: which APIs targets offer and what they have in common.",
    files=(
        TypesFile(
            "types_apiresource.go",
            (
                _PUBLISH,
                Kind(
                    "APIResource",
                    "is one API as one target offers it.",
                    "apiresources",
                    "apires",
                    columns=(("State", "string", ".status.state"),),
                    spec=(
                        one("Name", "APIResourceName", "says which resource it is."),
                        text("Target", "is the sync target that offers it.", "edge-1", pattern=DNS),
                        many("Versions", "APIResourceVersion", "are the versions offered.", min=1, max=8, key="Name"),
                        flag("Namespaced", "says whether objects live in namespaces."),
                        strings("Verbs", "are what can be done with the resource.", "get list watch", min=1, max=16),
                    ),
                    status=(
                        choice("State", _PUBLISH, "says whether workspaces see the API.", optional=True),
                        text(
                            "PublishedVersion",
                            "is the version that is offered.",
                            "v1",
                            max=63,
                            pattern=DNS,
                            optional=True,
                        ),
                        conditions(),
                    ),
                ),
                Struct(
                    "APIResourceName",
                    "names a resource.",
                    (
                        text(
                            "Group",
                            "is the API group; empty for the core group.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        text("Plural", "is the name in URLs.", "deployments", max=63, pattern=DNS),
                        text("Kind", "is the name in objects.", "Deployment", max=63, pattern=CAMEL),
                    ),
                ),
                Struct(
                    "APIResourceVersion",
                    "is one version of a resource.",
                    (
                        text("Name", "is the version.", "v1", max=63, pattern=r"^v[0-9]+((alpha|beta)[0-9]+)?$"),
                        flag("Served", "says whether the version answers requests."),
                        many("Fields", "APIResourceField", "are the fields of the schema.", max=512, key="Path"),
                    ),
                ),
                Struct(
                    "APIResourceField",
                    "is one field of a schema.",
                    (
                        text(
                            "Path", "is the field as JSON path.", "spec.replicas", max=512, pattern=r"^[A-Za-z0-9.]+$"
                        ),
                        text(
                            "Type",
                            "is the field's type.",
                            "integer",
                            max=16,
                            pattern="^(string|integer|boolean|array|object)$",
                        ),
                        flag("Required", "says whether objects must have it."),
                    ),
                ),
            ),
            code="""
// Served gives a version that answers requests, or nil.
func (in *APIResource) Served(version string) *APIResourceVersion {
	for i := range in.Spec.Versions {
		if one := &in.Spec.Versions[i]; one.Name == version && one.Served {
			return one
		}
	}
	return nil
}

// Allows says whether a verb can be used on the resource.
func (in *APIResource) Allows(verb string) bool {
	for _, one := range in.Spec.Verbs {
		if one == verb {
			return true
		}
	}
	return false
}
""",
        ),
        TypesFile(
            "types_negotiation.go",
            (
                _POLICY,
                _VERDICT,
                Kind(
                    "Negotiation",
                    "finds what the targets of one resource have in common.",
                    "negotiations",
                    "nego",
                    columns=(("Verdict", "string", ".status.verdict"),),
                    spec=(
                        one("Resource", "APIResourceName", "is what is negotiated."),
                        text("Version", "is the version that is negotiated.", "v1", max=63, pattern=DNS),
                        choice("Policy", _POLICY, "says what to do when schemas differ.", default="NarrowToCommon"),
                        strings("Targets", "are the sync targets that take part.", "edge-1 edge-2", min=1, max=64),
                    ),
                    status=(
                        choice("Verdict", _VERDICT, "is what was found.", optional=True),
                        many(
                            "Common",
                            "APIResourceField",
                            "are the fields that all targets understand.",
                            max=512,
                            key="Path",
                        ),
                        many("Differences", "NegotiationDifference", "are the fields that they do not.", max=512),
                        conditions(),
                    ),
                ),
                Struct(
                    "NegotiationDifference",
                    "is one field that targets see differently.",
                    (
                        text("Path", "is the field as JSON path.", "spec.paused", max=512),
                        text("Target", "is the target that disagrees.", "edge-2", pattern=DNS),
                        text("Reason", "says how it disagrees.", "field is missing", max=1024),
                    ),
                ),
            ),
            code="""
// NegotiateFields compares two schemas: what both understand, and how the second disagrees with the first.
func NegotiateFields(have, other []APIResourceField, target string) ([]APIResourceField, []NegotiationDifference) {
	theirs := map[string]APIResourceField{}
	for _, one := range other {
		theirs[one.Path] = one
	}
	var common []APIResourceField
	var differences []NegotiationDifference
	differ := func(path, reason string) {
		differences = append(differences, NegotiationDifference{Path: path, Target: target, Reason: reason})
	}
	for _, field := range have {
		match, found := theirs[field.Path]
		switch {
		case !found:
			differ(field.Path, "field is missing")
		case match.Type != field.Type:
			differ(field.Path, "type is "+match.Type+", not "+field.Type)
		default:
			field.Required = field.Required || match.Required
			common = append(common, field)
		}
	}
	return common, differences
}

// Settle turns a comparison into a verdict under the negotiation's policy.
func (in *Negotiation) Settle(common []APIResourceField, differences []NegotiationDifference) {
	in.Status.Common, in.Status.Differences = common, differences
	switch {
	case len(differences) == 0:
		in.Status.Verdict = NegotiationVerdictCompatible
	case in.Spec.Policy == NegotiationPolicyNarrowToCommon && len(common) > 0:
		in.Status.Verdict = NegotiationVerdictNarrowed
	default:
		in.Status.Verdict = NegotiationVerdictIncompatible
	}
}
""",
        ),
    ),
    tests={
        "apiresource_negotiation_test.go": """
func TestNegotiateFields(t *testing.T) {
	have := []APIResourceField{{Path: "spec.replicas", Type: "integer"}, {Path: "spec.paused", Type: "boolean"}, {Path: "spec.name", Type: "string"}}
	other := []APIResourceField{{Path: "spec.replicas", Type: "integer", Required: true}, {Path: "spec.name", Type: "object"}}
	common, differences := NegotiateFields(have, other, "edge-2")
	if len(common) != 1 || common[0].Path != "spec.replicas" || !common[0].Required {
		t.Errorf("common: %+v", common)
	}
	if len(differences) != 2 || differences[0].Path != "spec.paused" || differences[1].Reason != "type is object, not string" {
		t.Errorf("differences: %+v", differences)
	}
}

func TestNegotiationSettles(t *testing.T) {
	field := []APIResourceField{{Path: "spec.replicas", Type: "integer"}}
	difference := []NegotiationDifference{{Path: "spec.paused", Target: "edge-2", Reason: "field is missing"}}
	for _, test := range []struct {
		policy      NegotiationPolicy
		common      []APIResourceField
		differences []NegotiationDifference
		want        NegotiationVerdict
	}{
		{NegotiationPolicyNarrowToCommon, field, nil, NegotiationVerdictCompatible},
		{NegotiationPolicyNarrowToCommon, field, difference, NegotiationVerdictNarrowed},
		{NegotiationPolicyNarrowToCommon, nil, difference, NegotiationVerdictIncompatible},
		{NegotiationPolicyRefuse, field, difference, NegotiationVerdictIncompatible},
	} {
		negotiation := newNegotiation()
		negotiation.Spec.Policy = test.policy
		negotiation.Settle(test.common, test.differences)
		if negotiation.Status.Verdict != test.want {
			t.Errorf("%s: %s, want %s", test.policy, negotiation.Status.Verdict, test.want)
		}
	}
}

func TestAPIResourceServesAndAllows(t *testing.T) {
	resource := newAPIResource()
	if resource.Served("v1") == nil || resource.Served("v2") != nil {
		t.Error("the wrong versions are served")
	}
	resource.Spec.Versions[0].Served = false
	if resource.Served("v1") != nil || !resource.Allows("list") || resource.Allows("delete") {
		t.Error("a version that is not served, or a verb that is not offered")
	}
}
"""
    },
)
