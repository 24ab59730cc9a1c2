"""What a branch consists of, said compactly: fields, structs, kinds, enums. `golang` writes them as Go."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

DNS = "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"
CAMEL = "^[A-Z][A-Za-z0-9]*$"
URL = "^https://[^ ]+$"


@dataclass(frozen=True)
class Field:
    """One field of a struct. `eg` is a valid Go value; bounds mean length, value or count by type."""

    name: str
    go: str  # Go type
    doc: str  # continues the sentence that begins with the name
    eg: str = ""
    min: int | None = None
    max: int | None = None
    pattern: str = ""
    enum: tuple[str, ...] = ()
    default: str = ""
    optional: bool = False
    key: str = ""  # Go name of the items' map key
    nested: bool = False  # the type (of the items) has a Validate method

    @property
    def json(self) -> str:
        """Name in JSON: the Go name with its first word in lower case."""
        head = 1
        while head < len(self.name) and self.name[head].isupper() and self.name[head + 1 : head + 2].isupper():
            head += 1
        if self.name.isupper():
            return self.name.lower()
        return self.name[:head].lower() + self.name[head:]

    @property
    def is_list(self) -> bool:
        return self.go.startswith("[]")

    @property
    def is_map(self) -> bool:
        return self.go.startswith("map[")

    @property
    def is_pointer(self) -> bool:
        return self.go.startswith("*")


@dataclass(frozen=True)
class Struct:
    """A plain struct; `example` of it is built from its fields' `eg`."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Enum:
    """A string type with its values, `value: what it means`."""

    name: str
    doc: str
    values: dict[str, str]


@dataclass(frozen=True)
class Kind:
    """A persistent object `<name>` with `<name>Spec`, `<name>Status` and `<name>List`."""

    name: str
    doc: str
    plural: str
    short: str
    spec: tuple[Field, ...]
    status: tuple[Field, ...]
    scope: str = "Cluster"
    columns: tuple[tuple[str, str, str], ...] = ()  # name, type, JSON path


@dataclass(frozen=True)
class TypesFile:
    """One `types_<area>.go`: declarations and hand-written Go that follows them."""

    path: str
    items: tuple[Struct | Enum | Kind, ...]
    code: str = ""


@dataclass(frozen=True)
class Branch:
    """Everything one branch adds."""

    id: str
    subject: str  # of the commit
    package: str  # directory
    area: str  # prefix of its files
    files: tuple[TypesFile, ...] = ()
    tests: dict[str, str] = field(default_factory=dict)  # hand-written test code by file name
    raw: dict[str, str] = field(default_factory=dict)  # whole Go files by file name
    needs: tuple[tuple[str, str, str], ...] = ()  # (branch id, package directory, type)
    group: str = ""  # API group whose package this branch begins
    doc: str = ""  # package comment, when it begins one
    contributors: str = ""
    tree: Path | None = None  # folder with whole files, as they will lie in the repository

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """All kinds the branch adds, in order."""
        return tuple(item for file in self.files for item in file.items if isinstance(item, Kind))

    @property
    def structs(self) -> dict[str, tuple[Field, ...]]:
        """Fields of every struct the branch adds, by name."""
        out: dict[str, tuple[Field, ...]] = {}
        for file in self.files:
            for item in file.items:
                if isinstance(item, Struct):
                    out[item.name] = item.fields
                elif isinstance(item, Kind):
                    out[f"{item.name}Spec"], out[f"{item.name}Status"] = item.spec, item.status
        return out


def text(
    name: str, doc: str, eg: str, min: int | None = 1, max: int | None = 253, pattern: str = "", **more: object
) -> Field:
    """A string; an optional one may be empty."""
    if more.get("optional"):
        min = None
    return Field(name, "string", doc, f'"{eg}"', min, max, pattern, **more)  # type: ignore[arg-type]


def num(name: str, doc: str, eg: int, min: int = 0, max: int = 100, go: str = "int32", **more: object) -> Field:
    """A whole number."""
    return Field(name, go, doc, str(eg), min, max, **more)  # type: ignore[arg-type]


def flag(name: str, doc: str, **more: object) -> Field:
    """A boolean, optional unless said otherwise."""
    return Field(name, "bool", doc, "true", optional=True, **more)  # type: ignore[arg-type]


def choice(name: str, enum: Enum, doc: str, default: str = "", optional: bool = False) -> Field:
    """One value of an enum."""
    first = f"{enum.name}{next(iter(enum.values))}"
    return Field(name, enum.name, doc, first, enum=tuple(enum.values), default=default, optional=optional)


def one(name: str, go: str, doc: str, eg: str = "", optional: bool = False, nested: bool = True) -> Field:
    """A struct; optional ones are pointers."""
    return Field(name, f"*{go}" if optional else go, doc, eg, optional=optional, nested=nested)


def many(
    name: str,
    go: str,
    doc: str,
    eg: str = "",
    min: int | None = None,
    max: int | None = 64,
    key: str = "",
    nested: bool = True,
) -> Field:
    """A list; without a minimum it is optional."""
    return Field(name, f"[]{go}", doc, eg, min, max, key=key, nested=nested, optional=not min)


def strings(name: str, doc: str, eg: str, min: int | None = None, max: int | None = 64) -> Field:
    """A list of strings."""
    quoted = ", ".join(f'"{part}"' for part in eg.split())
    return Field(name, "[]string", doc, f"[]string{{{quoted}}}", min, max, optional=not min)


def pairs(name: str, doc: str, eg: str, max: int | None = 64) -> Field:
    """A map of strings."""
    inner = ", ".join('"{}": "{}"'.format(*part.split("=")) for part in eg.split())
    return Field(name, "map[string]string", doc, f"map[string]string{{{inner}}}", None, max, optional=True)


def conditions() -> Field:
    """The conditions of a status."""
    eg = '[]meta.Condition{{Type: "Ready", Status: meta.ConditionTrue, Reason: "Observed"}}'
    return Field("Conditions", "[]meta.Condition", "are the observed aspects.", eg, None, 32, key="Type", optional=True)


def selector(name: str, doc: str) -> Field:
    """A label selector."""
    eg = '&meta.LabelSelector{MatchLabels: map[string]string{"tier": "edge"}}'
    return Field(name, "*meta.LabelSelector", doc, eg, optional=True)
