"""Documents of strangers' projects are read whole: headings, tables and needs in other languages than English."""

from __future__ import annotations

import pytest

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
