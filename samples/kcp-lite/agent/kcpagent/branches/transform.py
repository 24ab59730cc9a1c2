"""Branch 5.2.2: transform types."""

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
    selector,
    strings,
    text,
)

_WORKLOAD = "pkg/apis/workload/v1alpha1"
_SYNCTARGET = ("5.1.1", _WORKLOAD, "SyncTarget")

_OP = Enum(
    "TransformOperation",
    "is what a rule does to a field.",
    {
        "Set": "gives the field a value.",
        "Remove": "takes the field away.",
        "Copy": "takes the value of another field.",
        "Default": "gives the field a value where it has none.",
    },
)

_ERROR = Enum(
    "TransformErrorPolicy",
    "is what happens when a rule cannot be applied.",
    {
        "Fail": "leaves the object untouched.",
        "Skip": "goes on with the next rule.",
    },
)

BRANCH = Branch(
    id="5.2.2",
    subject="Add Transformation types",
    package=_WORKLOAD,
    area="transform",
    needs=(_SYNCTARGET,),
    files=(
        TypesFile(
            "types_transform.go",
            (
                _OP,
                _ERROR,
                Kind(
                    "Transform",
                    "changes objects on their way to a sync target.",
                    "transforms",
                    "tf",
                    scope="Namespaced",
                    columns=(("Priority", "integer", ".spec.priority"),),
                    spec=(
                        selector("TargetSelector", "selects the sync targets; none means all."),
                        one("Match", "TransformMatch", "says which objects are changed."),
                        many("Rules", "TransformRule", "are applied in their order.", min=1, max=64, key="Name"),
                        num("Priority", "orders transforms, the smaller number first.", 100, 0, 1000),
                        choice("OnError", _ERROR, "is what happens when a rule cannot be applied.", default="Fail"),
                        flag("Suspended", "switches the transform off."),
                    ),
                    status=(
                        num("Applied", "is how many objects were changed.", 12, 0, 1 << 40, "int64"),
                        many("Failures", "TransformFailure", "are the newest failures.", max=16),
                        conditions(),
                    ),
                ),
                Struct(
                    "TransformMatch",
                    "says which objects a transform changes.",
                    (
                        text(
                            "Group",
                            "is the API group; empty for the core group.",
                            "apps",
                            pattern=r"^[a-z0-9.-]+$",
                            optional=True,
                        ),
                        text("Kind", "is the kind of the objects.", "Deployment", max=63, pattern=CAMEL),
                        strings("Namespaces", "are the namespaces; none means all.", "web shop", max=64),
                    ),
                ),
                Struct(
                    "TransformRule",
                    "changes one field.",
                    (
                        text("Name", "is unique within the transform.", "registry", max=63, pattern=DNS),
                        choice("Operation", _OP, "is what is done."),
                        text("Path", "is the field as JSON path.", "spec.image", max=512, pattern=r"^[A-Za-z0-9.]+$"),
                        text(
                            "From",
                            "is the field that Copy takes the value of.",
                            "spec.mirror",
                            max=512,
                            pattern=r"^[A-Za-z0-9.]+$",
                            optional=True,
                        ),
                        text(
                            "Value",
                            "is what Set and Default write.",
                            "registry.example.com/web",
                            max=4096,
                            optional=True,
                        ),
                    ),
                ),
                Struct(
                    "TransformFailure",
                    "is one object that could not be changed.",
                    (
                        text("Object", "is the object's name.", "web/front", max=512),
                        text("Rule", "is the rule that failed.", "registry", max=63, pattern=DNS),
                        text("Message", "says what went wrong.", "spec.mirror is missing", max=1024),
                    ),
                ),
            ),
            code="""
// Selects says whether the transform is in force for a sync target.
func (in *Transform) Selects(target *SyncTarget) bool {
	return !in.Spec.Suspended && (in.Spec.TargetSelector == nil || in.Spec.TargetSelector.Matches(target.Spec.Labels))
}

// Matches says whether objects of a kind in a namespace are changed.
func (in *TransformMatch) Matches(group, kind, namespace string) bool {
	if group != in.Group || kind != in.Kind {
		return false
	}
	for _, one := range in.Namespaces {
		if one == namespace {
			return true
		}
	}
	return len(in.Namespaces) == 0
}

// Apply changes a flat object (JSON path to value) and gives the result; the object given is never touched.
func (in *Transform) Apply(name string, object map[string]string) (map[string]string, []TransformFailure) {
	out := make(map[string]string, len(object))
	for path, value := range object {
		out[path] = value
	}
	var failures []TransformFailure
	for _, rule := range in.Spec.Rules {
		if err := rule.apply(out); err != nil {
			failures = append(failures, TransformFailure{Object: name, Rule: rule.Name, Message: err.Error()})
			if in.Spec.OnError != TransformErrorPolicySkip {
				return object, failures
			}
		}
	}
	return out, failures
}

func (in *TransformRule) apply(object map[string]string) error {
	_, present := object[in.Path]
	switch in.Operation {
	case TransformOperationSet:
		object[in.Path] = in.Value
	case TransformOperationRemove:
		delete(object, in.Path)
	case TransformOperationDefault:
		if !present {
			object[in.Path] = in.Value
		}
	case TransformOperationCopy:
		value, found := object[in.From]
		if !found {
			return fmt.Errorf("%s is missing", in.From)
		}
		object[in.Path] = value
	default:
		return fmt.Errorf("unknown operation %q", in.Operation)
	}
	return nil
}

// SortTransforms brings transforms into the order they are applied in: priority, then name.
func SortTransforms(transforms []Transform) {
	sort.SliceStable(transforms, func(i, j int) bool {
		a, b := &transforms[i], &transforms[j]
		if a.Spec.Priority != b.Spec.Priority {
			return a.Spec.Priority < b.Spec.Priority
		}
		return a.Name < b.Name
	})
}
""",
        ),
    ),
    tests={
        "transform_apply_test.go": """
func TestTransformApplies(t *testing.T) {
	object := map[string]string{"spec.image": "web", "spec.mirror": "mirror/web", "spec.debug": "true"}
	transform := newTransform()
	transform.Spec.Rules = []TransformRule{
		{Name: "copy", Operation: TransformOperationCopy, Path: "spec.image", From: "spec.mirror"},
		{Name: "remove", Operation: TransformOperationRemove, Path: "spec.debug"},
		{Name: "default", Operation: TransformOperationDefault, Path: "spec.image", Value: "other"},
		{Name: "set", Operation: TransformOperationSet, Path: "spec.zone", Value: "a"},
	}
	got, failures := transform.Apply("web", object)
	want := map[string]string{"spec.image": "mirror/web", "spec.mirror": "mirror/web", "spec.zone": "a"}
	if !reflect.DeepEqual(got, want) || len(failures) != 0 {
		t.Errorf("%v, failures %v", got, failures)
	}
	if object["spec.image"] != "web" || object["spec.debug"] != "true" {
		t.Errorf("the object given was touched: %v", object)
	}
}

func TestTransformFailsWholeOrSkips(t *testing.T) {
	transform := newTransform()
	transform.Spec.Rules = []TransformRule{
		{Name: "set", Operation: TransformOperationSet, Path: "spec.zone", Value: "a"},
		{Name: "copy", Operation: TransformOperationCopy, Path: "spec.image", From: "spec.mirror"},
	}
	transform.Spec.OnError = TransformErrorPolicyFail
	if got, failures := transform.Apply("web", nil); len(got) != 0 || len(failures) != 1 || failures[0].Rule != "copy" {
		t.Errorf("%v %v", got, failures)
	}
	transform.Spec.OnError = TransformErrorPolicySkip
	if got, failures := transform.Apply("web", nil); got["spec.zone"] != "a" || len(failures) != 1 {
		t.Errorf("%v %v", got, failures)
	}
}

func TestTransformSelectsAndMatches(t *testing.T) {
	transform, target := newTransform(), newSyncTarget()
	if transform.Selects(target) {
		t.Error("a suspended transform is in force")
	}
	transform.Spec.Suspended = false
	if !transform.Selects(target) {
		t.Error("the labels match, the transform is not in force")
	}
	target.Spec.Labels = nil
	if transform.Selects(target) {
		t.Error("the transform is in force for a target it does not select")
	}
	match := transform.Spec.Match
	if !match.Matches("apps", "Deployment", "web") || match.Matches("apps", "Deployment", "other") || match.Matches("", "Pod", "web") {
		t.Error("the wrong objects match")
	}
}

func TestTransformsAreSorted(t *testing.T) {
	transforms := []Transform{*newTransform(), *newTransform(), *newTransform()}
	transforms[0].Name, transforms[1].Name, transforms[2].Spec.Priority = "b", "a", 1
	SortTransforms(transforms)
	if transforms[0].Spec.Priority != 1 || transforms[1].Name != "a" || transforms[2].Name != "b" {
		t.Errorf("%v", transforms)
	}
}
"""
    },
)
