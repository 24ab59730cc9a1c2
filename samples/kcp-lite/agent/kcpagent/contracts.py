"""Writes contract packages: interfaces, their data, one error type, and tests with a double of each interface."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kcpagent.model import Branch, Field

CTX = "ctx context.Context"


@dataclass(frozen=True)
class Interface:
    """One contract. A method is `Name(ctx context.Context, ...) (..., error)`: what it promises."""

    name: str
    doc: str
    methods: dict[str, str]


@dataclass(frozen=True)
class Data:
    """What goes in or out of a contract."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Package:
    """A whole contract package."""

    prefix: str  # of all exported names
    doc: str
    operations: tuple[str, ...]  # what can fail
    interfaces: tuple[Interface, ...]
    data: tuple[Data, ...]


def contract_branch(
    number: str, subject: str, area: str, package: Package, test: str, *needs: tuple[str, str, str]
) -> Branch:
    """The branch that adds a contract package. `test` plays its interfaces against each other."""
    files = go_files(package, area) | {"together_test.go": test}
    return Branch(id=number, subject=subject, package=f"pkg/interfaces/{area}", area=area, raw=files, needs=needs)


def go_files(package: Package, area: str) -> dict[str, str]:
    """The package's files by name, without package clause and imports."""
    return {
        "doc.go": f"// {package.doc}\n//\n// Owner: OWNER\nPACKAGE\n",
        f"{area}.go": "\n".join(_interface(one) for one in package.interfaces),
        "data.go": "\n".join(_data(one) for one in package.data),
        "errors.go": _errors(package),
        "contract_test.go": "\n".join([*(_double(one) for one in package.interfaces), _tests(package)]),
    }


def _interface(one: Interface) -> str:
    lines = [f"// {one.name} {one.doc}", f"type {one.name} interface {{"]
    for signature, doc in one.methods.items():
        lines += [*_wrapped(f"{signature.split('(')[0]} {doc}"), f"\t{signature}", ""]
    return "\n".join(lines[:-1]) + "\n}\n"


def _wrapped(doc: str) -> list[str]:
    lines = [""]
    for word in doc.split():
        if len(lines[-1]) + len(word) > 90:
            lines.append("")
        lines[-1] += " " + word
    return [f"\t//{line}" for line in lines]


def _data(one: Data) -> str:
    lines = [f"// {one.name} {one.doc}", f"type {one.name} struct {{"]
    for f in one.fields:
        lines += [f"\t// {f.name} {f.doc}", f"\t{f.name} {f.go}"]
    lines += ["}", "", f"// Validate says everything that is wrong with a {one.name}."]
    lines += [f"func (in *{one.name}) Validate() error {{", "\tvar errs meta.FieldErrors"]
    for f in one.fields:
        if f.go == "string" and (f.min or f.max):
            lines.append(f'\terrs.CheckLength("{f.json}", in.{f.name}, {f.min or 0}, {f.max or 0})')
        if f.pattern:
            lines.append(f'\terrs.CheckPattern("{f.json}", in.{f.name}, `{f.pattern}`)')
        if f.go in ("int32", "int64"):
            lines.append(f'\terrs.CheckRange("{f.json}", int64(in.{f.name}), {f.min or 0}, {f.max or 0})')
        if f.is_list and (f.min or f.max):
            lines.append(f'\terrs.CheckCount("{f.json}", len(in.{f.name}), {f.min or 0}, {f.max or 0})')
    return "\n".join([*lines, "\treturn errs.ToError()", "}"]) + "\n"


def _errors(package: Package) -> str:
    p = package.prefix
    constants = "\n".join(f'\t{p}Operation{name} {p}Operation = "{name}"' for name in package.operations)
    return f"""// {p}Operation names what was tried.
type {p}Operation string

// The operations that can fail.
const (
{constants}
)

// {p}Error is the error of every contract in this package: what failed, on what, and whether to try again.
type {p}Error struct {{
	// Operation is what was tried.
	Operation {p}Operation
	// Subject is what it was tried on.
	Subject string
	// Retryable says whether trying again can help.
	Retryable bool
	// Cause is the error below.
	Cause error
}}

// Error is `<operation> <subject>: <cause>`.
func (e *{p}Error) Error() string {{
	return fmt.Sprintf("%s %s: %v", e.Operation, e.Subject, e.Cause)
}}

// Unwrap gives the error below.
func (e *{p}Error) Unwrap() error {{
	return e.Cause
}}

// Is{p}Retryable says whether an error, or one below it, can be helped by trying again.
func Is{p}Retryable(err error) bool {{
	var found *{p}Error
	return errors.As(err, &found) && found.Retryable
}}
"""


_SIGNATURE = re.compile(r"(\w+)\((.*?)\) ?(.*)")


def _double(one: Interface) -> str:
    """A test double that plays back functions: it proves that the contract can be implemented."""
    name = f"double{one.name}"
    fields, methods = [], []
    for signature in one.methods:
        match = _SIGNATURE.fullmatch(signature)
        assert match is not None, signature
        method, parameters, results = match.groups()
        field = "on" + method
        fields.append(f"\t{field} func({parameters}) {results}")
        arguments = ", ".join(p.split()[0] for p in parameters.split(", ") if p)
        call = f"{'return ' if results else ''}d.{field}({arguments})"
        methods.append(f"func (d {name}) {method}({parameters}) {results} {{\n\t{call}\n}}\n")
    struct = f"type {name} struct {{\n" + "\n".join(fields) + "\n}\n"
    return f"var _ {one.name} = {name}{{}}\n\n{struct}\n" + "\n".join(methods)


def _tests(package: Package) -> str:
    p = package.prefix
    cases = "\n".join(
        f'\t\t{{"{one.name}.{f.json}", {_literal(one, f.name, bad)}, "{f.json}"}},'
        for one in package.data
        for f in one.fields
        for bad in _bad(f)
    )
    good = "\n".join(f"\t\t{_literal(one)}," for one in package.data)
    return f"""func Test{p}DataIsValid(t *testing.T) {{
	for _, data := range []interface{{ Validate() error }}{{
{good}
	}} {{
		if err := data.Validate(); err != nil {{
			t.Errorf("%T: %v", data, err)
		}}
	}}
}}

func Test{p}DataIsRefused(t *testing.T) {{
	for _, test := range []struct {{
		name string
		data interface{{ Validate() error }}
		path string
	}}{{
{cases}
	}} {{
		t.Run(test.name, func(t *testing.T) {{ metatest.Refused(t, test.data.Validate(), test.path) }})
	}}
}}

func Test{p}Errors(t *testing.T) {{
	cause := errors.New("connection refused")
	for _, retryable := range []bool{{true, false}} {{
		err := fmt.Errorf("outer: %w", &{p}Error{{Operation: {p}Operation{package.operations[0]}, Subject: "edge-1", Retryable: retryable, Cause: cause}})
		if Is{p}Retryable(err) != retryable || !errors.Is(err, cause) {{
			t.Errorf("%v lost what it says", err)
		}}
		if want := "outer: {package.operations[0]} edge-1: connection refused"; err.Error() != want {{
			t.Errorf("%q, want %q", err, want)
		}}
	}}
	if Is{p}Retryable(cause) || Is{p}Retryable(nil) {{
		t.Error("an error that does not say so is not retryable")
	}}
}}
"""


def _literal(one: Data, changed: str = "", value: str = "") -> str:
    parts = [f"{f.name}: {value if f.name == changed else f.eg}" for f in one.fields if f.eg or f.name == changed]
    return f"&{one.name}{{{', '.join(parts)}}}"


def _bad(f: Field) -> list[str]:
    if f.pattern:
        return ['"not valid!"']
    if f.go == "string" and f.min:
        return ['""']
    if f.go in ("int32", "int64"):
        return [str((f.max or 0) + 1)]
    return ["nil"] if f.is_list and f.min else []
