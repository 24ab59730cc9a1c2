"""Writes the model as Go: types with their markers, and Validate methods that hold the same rules."""

from __future__ import annotations

import re

from kcpagent.model import Enum, Field, Kind, Struct, TypesFile

META = "example.com/kcp-lite/pkg/apis/meta"
V = "// +kubebuilder:validation:"


def types_file(file: TypesFile, imports: dict[str, str]) -> str:
    """The whole file. `imports` are the packages it may use: qualifier -> import path."""
    body = "\n".join(_item(item) for item in file.items) + ("\n" + file.code.strip() + "\n" if file.code else "")
    return f"package v1alpha1\n\n{import_block(body, imports)}{body}"


def import_block(body: str, imports: dict[str, str]) -> str:
    """The imports a text uses, the standard library first."""
    code = "\n".join(line for line in body.splitlines() if not line.strip().startswith("//"))
    used = [(alias, path) for alias, path in imports.items() if re.search(rf"\b{alias}\.[A-Z]", code)]
    std = sorted(f'\t"{path}"' for _, path in used if "." not in path)
    own = sorted((path, alias) for alias, path in used if "." in path)
    lines = [f'\t"{path}"' if path.endswith("/" + alias) else f'\t{alias} "{path}"' for path, alias in own]
    blocks = ["\n".join(block) for block in (std, lines) if block]
    return "import (\n" + "\n\n".join(blocks) + "\n)\n\n" if blocks else ""


def _item(item: Struct | Enum | Kind) -> str:
    if isinstance(item, Enum):
        return _enum(item)
    if isinstance(item, Struct):
        return struct(item)
    return _kind(item)


def _enum(enum: Enum) -> str:
    lines = [f"// {enum.name} {enum.doc}", f"{V}Enum={';'.join(enum.values)}", f"type {enum.name} string", ""]
    lines += [f"// The values of {enum.name}.", "const ("]
    for value, meaning in enum.values.items():
        lines += [f"\t// {enum.name}{value} {meaning}", f'\t{enum.name}{value} {enum.name} = "{value}"']
    return "\n".join(lines) + "\n)\n"


def struct(item: Struct) -> str:
    """A struct with its Validate method."""
    lines = [f"// {item.name} {item.doc}", "// +k8s:deepcopy-gen=true", f"type {item.name} struct {{"]
    lines += ["\n\n".join(_field(f) for f in item.fields), "}", "", _validate(item)]
    return "\n".join(lines) + "\n"


def _field(f: Field) -> str:
    tag = f.json + (",omitempty" if f.optional else "")
    return "\n".join([f"\t// {f.name} {f.doc}", *(f"\t{m}" for m in _markers(f)), f'\t{f.name} {f.go} `json:"{tag}"`'])


def _markers(f: Field) -> list[str]:
    noun = "Items" if f.is_list else "Properties" if f.is_map else "Length" if f.go == "string" else "imum"
    out = [f"{V}Min{noun}={f.min}"] if f.min is not None else []
    out += [f"{V}Max{noun}={f.max}"] if f.max is not None else []
    out += [f"{V}Pattern=`{f.pattern}`"] if f.pattern else []
    out += ["// +listType=map", f"// +listMapKey={Field(f.key, '', '').json}"] if f.key else []
    out += [f"// +kubebuilder:default={f.default}"] if f.default else []
    return out + (["// +optional"] if f.optional else [])


def _validate(item: Struct) -> str:
    lines = [
        f"// Validate says everything that is wrong with a {item.name} at path.",
        f"func (in *{item.name}) Validate(path string) meta.FieldErrors {{",
        "\tvar errs meta.FieldErrors",
    ]
    for f in item.fields:
        lines += ["\t" + line for line in _checks(f)]
    return "\n".join([*lines, "\treturn errs", "}"])


def _checks(f: Field) -> list[str]:
    path, value, low, high = f'path+".{f.json}"', f"in.{f.name}", f.min or 0, f.max or 0
    out: list[str] = []
    if f.enum:
        values = ", ".join(f'"{v}"' for v in f.enum)
        out = [f"errs.CheckEnum({path}, string({value}), {values})"]
        out = [f'if {value} != "" {{', "\t" + out[0], "}"] if f.optional or f.default else out
    elif f.go == "string" and (low or high):
        out = [f"errs.CheckLength({path}, {value}, {low}, {high})"]
    elif f.go in ("int32", "int64"):
        out = [f"errs.CheckRange({path}, int64({value}), {low}, {high})"]
    elif (f.is_list or f.is_map) and (low or high):
        out = [f"errs.CheckCount({path}, len({value}), {low}, {high})"]
    if f.pattern:
        out.append(f"errs.CheckPattern({path}, {value}, `{f.pattern}`)")
    if f.key:
        out.append(
            f"errs.CheckUnique({path}, len({value}), func(i int) string {{ return string({value}[i].{f.key}) }})"
        )
    return out + (_descend(f, path, value) if f.nested else [])


def _descend(f: Field, path: str, value: str) -> list[str]:
    if f.is_list:
        inner = f'\terrs = append(errs, {value}[i].Validate(fmt.Sprintf("%s.{f.json}[%d]", path, i))...)'
        return [f"for i := range {value} {{", inner, "}"]
    call = f"errs = append(errs, {value}.Validate({path})...)"
    return [f"if {value} != nil {{", "\t" + call, "}"] if f.is_pointer else [call]


def _kind(kind: Kind) -> str:
    n = kind.name
    parts = [
        struct(Struct(f"{n}Spec", f"is what is wanted of a {n}.", kind.spec)),
        struct(Struct(f"{n}Status", f"is what has been observed of a {n}.", kind.status)),
        _root(kind),
    ]
    return "\n".join(parts)


def _root(kind: Kind) -> str:
    n = kind.name
    columns = "".join(
        f'// +kubebuilder:printcolumn:name="{name}",type="{kind_}",JSONPath="{path}"\n'
        for name, kind_, path in kind.columns
    )
    return f"""// {n} {kind.doc}
// +k8s:deepcopy-gen=true
// +k8s:deepcopy-gen:interfaces={META}.Object
// +kubebuilder:object:root=true
// +kubebuilder:resource:path={kind.plural},scope={kind.scope},shortName={kind.short}
// +kubebuilder:subresource:status
{columns}type {n} struct {{
	meta.TypeMeta   `json:",inline"`
	meta.ObjectMeta `json:"metadata,omitempty"`

	// Spec is what is wanted.
	Spec {n}Spec `json:"spec"`

	// Status is what has been observed.
	// +optional
	Status {n}Status `json:"status,omitempty"`
}}

// Validate says everything that is wrong with a {n}, or nil.
func (in *{n}) Validate() error {{
	errs := in.Spec.Validate("spec")
	errs = append(errs, in.Status.Validate("status")...)
	return errs.ToError()
}}

// {n}List is a list of {n} objects.
// +k8s:deepcopy-gen=true
// +k8s:deepcopy-gen:interfaces={META}.Object
// +kubebuilder:object:root=true
type {n}List struct {{
	meta.TypeMeta `json:",inline"`
	meta.ListMeta `json:"metadata,omitempty"`

	// Items are the objects.
	Items []{n} `json:"items"`
}}
"""
