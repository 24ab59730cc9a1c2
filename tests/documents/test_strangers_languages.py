"""Documents of strangers' projects are read whole: headings, tables and needs in other languages than English."""

from __future__ import annotations

import pytest

from phaseplan.documents.importing.document import import_text
from tests.documents.formats import read


def test_chinese_tables_and_keys_are_read() -> None:
    rows = "| P0-1 | 挖坑 | 无\uff08先做\uff09 |\n| P0-2 | 浇筑 | P0-1\uff08已挖\uff09 |\n"
    plan, done = read(f"# 计划\n\n| 编号 | 任务 | 依赖 |\n|---|---|---|\n{rows}")
    assert plan["needs"] == {"P0-2": ["P0-1"]} and done.diagnostics == ()
    plan, _ = read("# 计划\n\n### Task 1: 挖坑\n\n### Task 2: 浇筑\n\n**依赖**\uff1aTask 1\n")
    assert plan["needs"] == {"2": ["1"]}


@pytest.mark.parametrize(
    ("phase", "tasks", "criteria"),
    [
        ("Phase", "Aufgaben", "Abnahmekriterien"), ("Fase", "Tareas", "Criterios de aceptación"),
        ("Etapa", "Tarefas", "Critérios de aceitação"), ("Étape", "Tâches", "Critères"),
        ("阶段", "任务", "验收标准"), ("フェーズ", "タスク", "受け入れ基準"),
        ("단계", "할 일", "인수 기준"),
        ("Этап", "Задачи", "Критерии приемки"),
    ],
)  # fmt: skip
def test_checkboxes_below_headings_of_other_languages_are_tasks(phase: str, tasks: str, criteria: str) -> None:
    boxes = "- [ ] Xaga\n- [ ] Ybu\n"
    plan, done = read(f"# Zag\n\n## {tasks}\n\n{boxes}\n## {criteria}\n\n- [ ] Zed\n")
    assert plan["titles"] == {"1.1": "Xaga", "1.2": "Ybu"} and done.diagnostics == ()
    one = f"## {phase} 1\uff1aLom\n\n{boxes}\n### {criteria}\n\n- [ ] Zed\n\n"
    plan, done = read(f"# Zag\n\n{one}## {phase} 2: Nom\n\n- [ ] Won\n")
    assert plan["waves"] == {1: ["1.1", "1.2"], 2: ["2.1"]} and plan["wave_titles"] == {1: "Lom", 2: "Nom"}
    assert done.diagnostics == ()


def test_a_need_behind_a_title_is_read_in_german() -> None:
    plan, _ = read("## Aufgaben\n\n- [ ] 1. Graben\n- [ ] 2. Mauern (abh\u00e4ngig von 1)\n")
    assert plan["needs"] == {"2": ["1"]} and plan["titles"]["2"] == "Mauern"


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("2 Tage", "16h"), ("1 Tag", "8h"), ("1,5 Arbeitstage", "12h"), ("2 bis 3 Tage", "16h-24h"), ("3 jours", "24h"),
        ("5 d\u00edas", "40h"), ("2 dias", "16h"), ("2 giorni", "16h"), ("2 dagen", "16h"), ("2 Stunden", "2h"),
        ("3 Std.", "3h"), ("2 heures", "2h"), ("4 horas", "4h"), ("3 ore", "3h"), ("1 Woche", "40h"),
        ("2 semaines", "80h"), ("1 semana", "40h"), ("4 дня", "32h"), ("5 дней", "40h"), ("2 часа", "2h"),
        ("3\u65e5", "24h"), ("2-3\u5929", "16h-24h"), ("3 小时", "3h"), ("3時間", "3h"), ("3시간", "3h"),
        ("2일", "16h"), ("2 days", "16h"), ("30 Minuten", "30m"), ("2週間", "80h"),
    ],
)  # fmt: skip
def test_times_in_words_of_other_languages_are_read_where_days_are(text: str, hours: str) -> None:
    rows = f"| A-1 | Dig | {text} | |\n| A-2 | Pour | {text} | A-1 |\n"
    plan, _ = read(f"# House\n\n| ID | Task | Xyz | Depends on |\n|---|---|---|---|\n{rows}")
    assert plan["times"] == {"A-1": hours, "A-2": hours}
    number, unit = text.split(maxsplit=1) if " " in text else ("", "")
    head = f"| ID | Task | Aufwand ({unit}) |\n|---|---|---|\n"
    if number.isdecimal() and " " not in unit:
        plan, _ = read(f"# House\n\n{head}| A-1 | Dig | {number} |\n| A-2 | Pour | {number} |\n")
        assert plan["times"] == {"A-1": hours, "A-2": hours}
    plan, _ = read(f"# House\n\n## Wave 1: Pit ({text})\n\n### Task 1: Dig\n\n**Effort:** {text}\n")
    assert plan["times"] == {"1": hours} and plan["wave_times"] == {1: hours} and plan["wave_titles"] == {1: "Pit"}
    done = import_text("x.md", f"# Phase 5: House\n\n{WAVES.replace('%', text)}")
    assert (done.text or "").count(f"duration: {hours}") == 2


WAVES = (
    "## Wave 1: Pit (%)\n\nAgent 1 and Agent 2.\n\n| Branch | Agent | Duration |\n|---|---|---|\n"
    "| feature/p5w1-pit | Agent 1 | % |\n"
)


def test_a_date_is_no_time_and_a_word_like_a_day_is_none() -> None:
    rows = "| A-1 | Dig | 3月3日 |\n| A-2 | Pour | 3 tags |\n"
    plan, _ = read(f"# House\n\n| ID | Task | Effort |\n|---|---|---|\n{rows}")
    assert plan["times"] == {}


@pytest.mark.parametrize(
    "words", ["Zeilen", "lignes", "l\u00edneas", "linhas", "righe", "regels", "строк", "\u884c", "줄"]
)
def test_lines_of_code_in_other_languages_are_read(words: str) -> None:
    plan, _ = read(f"# House\n\n## Phase 1: Pit\n\n- [ ] T001 Dig (250 {words})\n")
    assert plan["lines"] == {"T001": 250} and plan["titles"] == {"T001": "Dig"}
