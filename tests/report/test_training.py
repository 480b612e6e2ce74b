"""The report of a training: every form, 80 columns, tables that stay short."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from fireassay.errors import SettingError, UserError
from fireassay.findings import DataAudit, Evidence, Interval, Null, Sentence
from fireassay.report import read, render
from fireassay.report.cited import Cited, resolve
from fireassay.report.schema import TRAINING, schema_text, training_schema
from fireassay.report.training.page import MOST_EPOCHS, arrange, chosen_epochs
from fireassay.trained import Before, Ledger, Member, Stretch, Trained, Uncertainty

PARTS = ("train", "validation", "test")
MEASURES = [f"{part}_{name}" for part in PARTS for name in ("nll", "auc", "accuracy", "f1", "brier")]


def history(epochs: int) -> tuple[dict[str, float], ...]:
    return tuple(
        {
            "epoch": float(i + 1),
            "loss": 5.6 - i / 100,
            "kl": 254_000.0 / (i + 1),
            "kl_per_label": 2.54 / (i + 1),
            "gradient_norm": 0.01234,
            **dict.fromkeys(MEASURES, 0.5 + i / 1000),
        }
        for i in range(epochs)
    )


def example(epochs: int = 40, best: int = 17, seeds: int = 2, title: str = "y on x") -> Trained:
    """A training without a model behind it."""
    members = tuple(
        Member(
            trial=f"{seed:012x}",
            seed=seed,
            status="done",
            epochs=epochs,
            best_epoch=best,
            seconds=12.5,
            score=0.512,
            weights=f"trials/{seed:012x}/weights.safetensors",
            metrics=dict(history(epochs)[best - 1]),
            history=history(epochs),
        )
        for seed in range(seeds)
    )
    return Trained(
        fireassay_version="0.1.0",
        created="2026-01-02T03:04:05+00:00",
        title=title,
        assessment=(Sentence(text="The model can't be told from chance on later sessions."),),
        before=Before(
            labels=26_184,
            effective=5_236.8,
            sessions={"train": 70, "validation": 12, "test": 36},
            features=71,
            parameters=54_977,
            random=54_593,
            logit_sd=0.806,
            kl_start=56_367.2,
        ),
        members=members,
        no_skill=dict.fromkeys(MEASURES, 0.5),
        held_out=Evidence(
            id="held_out",
            check="train",
            question="Does it predict?",
            metric="AUC",
            effect=0.506,
            trivial=0.5,
            interval=Interval(low=0.496, high=0.517),
            null=Null(kind="sessions", draws=999, mean=0.501, sd=0.005, q05=0.493, q95=0.509),
            p=0.145,
            mde=0.013,
            matters=0.03,
            sessions=36,
            numbers={"test labels": 13_623, "AUC with one bar skipped": 0.508},
        ),
        ledger=Ledger(
            kl=2_921.0,
            kl_per_label=0.1116,
            kl_weight=389.0,
            above_noise=0.02,
            budget=47.2,
            earned=-3.0,
        ),
        uncertainty=Uncertainty(
            unit="nats",
            total=0.6931,
            aleatoric=0.6612,
            epistemic=0.0319,
            share=0.046,
            stretches=tuple(
                Stretch(
                    first=6 * i + 1,
                    last=6 * i + 6,
                    count=1_048,
                    total=0.6931,
                    aleatoric=0.6512 + i / 1_000,
                    epistemic=0.0419 - i / 1_000,
                )
                for i in range(13)
            ),
        ),
        metrics_reading=(Sentence(text="Test F1 is above train F1; it means nothing."),),
        data_audit=DataAudit(source="bars.parquet", rows=46_800, sessions=120, symbols=("SIM",)),
        study={"target": "y", "settings": {"width": 64}},
        environment={"device": "cpu"},
        seconds=130.0,
    )


@pytest.mark.parametrize("epochs", [1, 2, 12, 13, 40, 1000])
def test_the_terminal_holds_80_columns_and_few_rows(epochs: int) -> None:
    text = render(example(epochs, best=min(epochs, 17)), "terminal")
    lines = text.split("\n")
    assert max(cell_len(line) for line in lines) <= 80
    assert len(lines) < 150
    assert "\x1b" not in text


@given(st.integers(1, 2000).flatmap(lambda n: st.tuples(st.just(n), st.integers(-1, n - 1))))
def test_epochs_shown_are_first_kept_last_and_some_between(pair: tuple[int, int]) -> None:
    count, kept = pair
    chosen = chosen_epochs(count, kept)
    assert chosen == sorted(set(chosen))
    assert chosen[0] == 0
    assert chosen[-1] == count - 1
    assert max(kept, 0) in chosen
    assert len(chosen) <= MOST_EPOCHS + 1
    assert len(chosen) == count or len(chosen) >= MOST_EPOCHS / 2


def test_the_kept_epoch_is_marked_in_both_tables() -> None:
    lines = render(example(), "terminal").split("\n")
    assert sum(line.strip().startswith("*17 ") for line in lines) == 2
    assert sum(line.startswith("   final") for line in lines) == 2
    assert sum(line.startswith("no skill") for line in lines) == 2


@pytest.mark.parametrize("form", ["terminal", "markdown"])
def test_what_a_reader_needs_is_there(form: str) -> None:
    text = render(example(), form).replace("\u00a0", " ")
    for part in (
        "0.506",
        "0.496 to 0.517",
        "0.145",
        "0.013",
        "26,184",
        "5,237 independent",
        "0.806",
        "2,921",
        "47",
        "Test F1 is above train F1",
        "trials/000000000000/weights.safetensors",
        "2 min 10 s",
    ):
        assert part in text, part


def test_numbers_are_those_of_the_account() -> None:
    trained = example()
    tree = json.loads(trained.to_json())
    tables = [table for section in arrange(trained).sections for table in section.tables]
    cells = [cell for table in tables for row in table.rows for cell in row]
    cited = [part for cell in cells for part in cell if isinstance(part, Cited)]
    assert len(cited) > 150
    for part in cited:
        assert resolve(tree, part.pointer) == part.value


def test_a_learner_without_epochs_has_no_validation_column_and_no_kl() -> None:
    row = {k: v for k, v in history(1)[0].items() if k not in ("loss", "kl", "kl_per_label")}
    member = example(1, best=1).members[0].model_copy(update={"history": (row,), "weights": ""})
    before = Before(labels=9, effective=9.0, sessions={"train": 2, "test": 1}, features=3)
    trained = example().model_copy(
        update={"members": (member,), "ledger": None, "before": before, "uncertainty": None}
    )
    text = render(trained, "markdown")
    assert "| train NLL | test NLL |" in text
    assert "validation" not in text.split("## Where it lies")[0]
    assert "KL" not in text
    assert "fitted again when it is asked" in text


def test_json_is_read_back_from_a_folder(tmp_path: Path) -> None:
    trained = example()
    (tmp_path / "train.json").write_text(render(trained, "json"))
    assert read(tmp_path) == trained
    assert read(tmp_path / "train.json") == trained
    (tmp_path / "train.json").write_text('{"schema_version": "1.0"}')
    with pytest.raises(UserError, match="it isn't a training"):
        read(tmp_path)


def test_the_published_schema_is_current_and_fits() -> None:
    """Run `python -m fireassay.report.schema` when this fails."""
    schema = training_schema()
    assert TRAINING.read_text(encoding="utf-8") == schema_text(schema)
    jsonschema.Draft202012Validator.check_schema(schema)
    tree = json.loads(render(example(), "json"))
    jsonschema.validate(tree, schema)
    for key, value in (("schema_version", "0.9"), ("members", {}), ("surprise", 1)):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**tree, key: value}, schema)


def test_a_form_that_it_hasnt_is_told() -> None:
    with pytest.raises(SettingError, match="Known: html, json, markdown, terminal"):
        render(example(), "pdf")


def test_every_number_of_the_page_stands_in_train_json() -> None:
    found = example(title="<script>alert(1)</script>")
    page = render(found, "html")
    tree = json.loads(found.to_json())
    cited = re.findall(r'data-path="([^"]+)" data-value="([^"]+)"', page)
    assert len(cited) > 100
    for place, value in cited:
        assert repr(resolve(tree, unescape(unquote(place)))) == unescape(value)
    assert "<script>alert" not in page
    # What it is unsure of, its epochs, and its KL beside what could pay for it.
    assert page.count('<svg class="figure') == 3
    assert "Aleatoric and epistemic parts over time of day" in page
    assert page.count('class="area') == 2
    assert 'data-path="/uncertainty/stretches/12/epistemic"' in page
    assert 'data-path="/ledger/budget"' in page.split("what a signal that matters pays for")[1]
    assert "https://" not in re.sub(r"<(style|script)>.*?</\1>", "", page, flags=re.DOTALL)


def test_texts_from_data_do_nothing() -> None:
    hostile = "\x1b[31m[red]<script>|x|`\u202e"
    text = render(example(title=hostile), "terminal")
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "[red]" in text
    assert "<script>" not in render(example(title=hostile), "markdown")
