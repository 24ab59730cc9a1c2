"""Tell tables of work from tables of agents, tools, services, environments and settings, which need each other too."""

from __future__ import annotations

import re

#: Headings of what is no work, whatever else the table says of it.
_NEVER = re.compile(
    r"(?:environments?|env|env(?:ironment)? ?var(?:iable)?s?|variables?|tools?|hosts?|servers?|regions?|flags?|"
    r"feature flags?|providers?|settings?|parameters?|options?|(?:config\w*|settings?) (?:keys?|options?|names?)|"
    r"umgebung|variable[ns]?|werkzeug|einstellung|entorno|environnement)",
    re.IGNORECASE,
)
#: Headings of what may be work, if nothing below says what such a thing is made of.
_THING = re.compile(
    r"(?:(?:sub)?agents?|(?:micro)?services?|packages?|librar(?:y|ies)|modules?|plugins?|containers?|images?|databases?|"
    r"clusters?|nodes?|machines?|keys?|names?|ids?|#|dienst|servicio|agente?)",
    re.IGNORECASE,
)
#: Headings of what such a thing has and work has not.
_VALUE = re.compile(
    r"(?:llm|base|default) models?|llm|ports?|ur[il]s?|host(?:name)?s?|default(?: value)?s?|values?|"
    r"(?:docker |base )?images?|versions?|endpoints?|regions?|temperature|context(?: window)?|max tokens|"
    r"replicas|protocol|cpu|memory|ram|"
    r"ip(?: address)?|wert|standard(?:wert)?|valor|valeur",
    re.IGNORECASE,
)
_AGENT = re.compile(r"(?:(?:sub)?agents?|agente|roles?)", re.IGNORECASE)
#: Of an agent; else it may be a model of data, which is work.
_MODEL = re.compile(r"models?|modell|modelo|mod\u00e8le", re.IGNORECASE)
_WORK = re.compile(
    r"(?:title|titel|titre|t\u00edtulo|titolo|summary|task.*|story|feature|what|work|deliverable|focus|scope|repair|"
    r"aufgabe|tarea|t\u00e2che|change|goal|issue|ticket)",
    re.IGNORECASE,
)
_OF_WORK = {"name", "owns", "lines", "span", "wave"}


def is_of_things(heads: list[str], kinds: dict[int, str]) -> bool:
    """Say whether a table is about things and no work: by its headings, and by what is said of each row."""
    value = [_VALUE] + ([_MODEL] if any(_AGENT.fullmatch(head) for head in heads) else [])
    values = {i for i, head in enumerate(heads) if any(pattern.fullmatch(head) for pattern in value)}
    work = any(_WORK.fullmatch(head) for head in heads)
    if work or any(kind in _OF_WORK for i, kind in kinds.items() if i not in values):
        return False
    subjects = [i for i, kind in kinds.items() if kind in ("id", "title")]
    return any(_NEVER.fullmatch(heads[i]) for i in subjects) or (
        bool(values) and all(i in values or _THING.fullmatch(heads[i]) for i in subjects)
    )
