"""Writes Go tests: a valid example of each kind, one spoilt copy per rule, copies and JSON."""

from __future__ import annotations

from kcpagent.model import Branch, Field, Kind

Structs = dict[str, tuple[Field, ...]]


def test_code(branch: Branch) -> str:
    """The body of the branch's generated test file."""
    return "\n".join(_kind_tests(kind, branch.structs) for kind in branch.kinds)


def _kind_tests(kind: Kind, structs: Structs) -> str:
    n = kind.name
    spec, status = literal(f"{n}Spec", structs), literal(f"{n}Status", structs)
    seen: set[str] = set()
    spoils = "\n".join(
        _spoils(kind, "Spec", kind.spec, structs, seen) + _spoils(kind, "Status", kind.status, structs, seen)
    )
    return f"""// new{n} gives a valid {n} with every field set.
func new{n}() *{n} {{
	return &{n}{{
		ObjectMeta: meta.ObjectMeta{{Name: "example"}},
		Spec:       {spec},
		Status:     {status},
	}}
}}

func Test{n}IsAKind(t *testing.T) {{
	metatest.Group{{Version: GroupVersion, Install: AddToScheme}}.Kind(t, new{n}())
}}

func Test{n}Validation(t *testing.T) {{
	if err := new{n}().Validate(); err != nil {{
		t.Fatalf("a valid {n} was refused: %v", err)
	}}
	for _, test := range []struct {{
		path  string
		spoil func(*{n})
	}}{{
{spoils}
	}} {{
		object := new{n}()
		test.spoil(object)
		metatest.Refused(t, object.Validate(), test.path)
	}}
}}
"""


def literal(name: str, structs: Structs) -> str:
    """A Go literal of a struct with every field set to its example."""
    lines = [f"{f.name}: {_value(f, structs)}," for f in structs[name]]
    if sum(map(len, lines)) < 110 and all("\n" not in line for line in lines):
        return f"{name}{{{' '.join(lines)[:-1]}}}"
    return f"{name}{{\n" + "\n".join(lines) + "\n}"


def _value(f: Field, structs: Structs) -> str:
    if f.eg:
        return f.eg
    inner = literal(f.go.lstrip("[]*"), structs)
    if f.is_list:
        return f"{f.go}{{{inner[len(f.go) - 2 :]}}}"
    return "&" + inner if f.is_pointer else inner


def _spoils(kind: Kind, part: str, fields: tuple[Field, ...], structs: Structs, seen: set[str]) -> list[str]:
    out: list[str] = []
    for go, path, bad in _bad(fields, f"o.{part}", part.lower(), structs, seen):
        out.append(f'\t\t{{"{path}", func(o *{kind.name}) {{ {go} = {bad} }}}},')
    return out


def _bad(fields: tuple[Field, ...], go: str, path: str, structs: Structs, seen: set[str]) -> list[tuple[str, str, str]]:
    """Assignments that each break one rule; a struct met before (`seen`) is not spoilt again field by field."""
    out: list[tuple[str, str, str]] = []
    for f in fields:
        target, where = f"{go}.{f.name}", f"{path}.{f.json}"
        out += [(target, where, bad) for bad in _bad_values(f)]
        inner = f.go.lstrip("[]*")
        if f.nested and inner in structs and inner not in seen:
            seen.add(inner)
            index = "[0]" if f.is_list else ""
            out += _bad(structs[inner], target + index, where + index, structs, seen)
        if f.key:
            out.append((target, f"{where}[1]", f"append({target}, {target}[0])"))
    return out


def _bad_values(f: Field) -> list[str]:
    if f.enum:
        return ['"NoSuchValue"']
    if f.go in ("int32", "int64"):
        return [str((f.max or 0) + 1)] + ([str((f.min or 0) - 1)] if f.min else [])
    if f.go == "string":
        out = ['""'] if f.min else []
        if f.pattern:
            return [*out, '"not valid!"']
        return out + ([f'strings.Repeat("x", {f.max + 1})'] if f.max else [])
    if f.is_list:
        return (["nil"] if f.min else []) + ([f"make({f.go}, {f.max + 1})"] if f.max else [])
    return []
