"""The table of prices has the models that agents use, in dollars per million tokens."""

from __future__ import annotations

import datetime
from types import SimpleNamespace
from typing import Any

from phaseplan.plan.prices import dated, prices_of
from provision.prices import table


def test_models_of_the_three_providers_are_there() -> None:
    prices = prices_of()
    assert {"claude-opus-5-5", "claude-sonnet-4-5", "gpt-5.1", "gpt-5.5", "gemini-3.5-flash"} <= prices.keys()
    assert prices["claude-opus-4-5"] == {"input": 5.0, "output": 25.0, "cached": 0.5, "written": 6.25}
    assert datetime.date.fromisoformat(dated()) >= datetime.date(2026, 11, 28)


def test_every_price_is_one() -> None:
    for name, price in prices_of().items():
        assert {"input", "output"} <= price.keys() <= {"input", "output", "cached", "written"}, name
        assert all(0 <= value < 1000 for value in price.values()), name
        assert price.get("cached", 0) <= price["input"], name


def model(name: str, match: Any = None, **prices: Any) -> SimpleNamespace:
    return SimpleNamespace(id=name, match=match, get_prices=lambda at: SimpleNamespace(**prices))


def made(*models: SimpleNamespace, provider: str = "anthropic") -> dict[str, dict[str, float]]:
    return table([SimpleNamespace(id=provider, models=models)], datetime.datetime.now(datetime.UTC))


def test_of_tiers_the_dearest_counts() -> None:
    tiers = SimpleNamespace(base=3, tiers=[SimpleNamespace(price=6), SimpleNamespace(price=4)])
    assert made(model("m", input_mtok=tiers, output_mtok=15)) == {"m": {"input": 6.0, "output": 15.0}}
    assert prices_of()["claude-sonnet-4-5"]["input"] == 6.0


def test_a_model_has_all_its_names_and_a_shared_one_the_dearer_price() -> None:
    match = SimpleNamespace(or_=[SimpleNamespace(equals="m-1"), SimpleNamespace(starts_with="m-1-")])
    match.or_.append(SimpleNamespace(or_=[SimpleNamespace(equals="other")]))
    rows = made(model("m", match, input_mtok=1, output_mtok=2), model("m-1", input_mtok=5, output_mtok=9))
    assert {name: row["input"] for name, row in rows.items()} == {"m": 1.0, "m-1": 5.0, "other": 1.0}


def test_what_is_not_paid_by_tokens_of_text_has_no_price_here() -> None:
    assert made(model("m", input_mtok=1)) == {}
    assert made(model("m", input_mtok=1, output_mtok=1, output_image_mtok=9)) == {}
    assert made(model("m-image", input_mtok=1, output_mtok=1)) == {}
    assert made(model("m", input_mtok=1, output_mtok=1), provider="elsewhere") == {}
