"""`fireassay compare`: what one run gains on another, and when that can't be said."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import fireassay
from fireassay import lab
from fireassay.cli.app import app
from fireassay.compared import Compared
from fireassay.errors import UserError
from fireassay.interventions.permute_labels import PermuteLabels
from fireassay.kept import test_labels as labels_of_test
from fireassay.statistics.scores import auc
from fireassay.study import resolve
from fireassay.training.execute import Executor
from fireassay.training.learner import Setting
from fireassay.training.store import Store

NET = {"width": 8, "heads": 2, "layers": 1, "epochs": 2, "draws": 3, "device": "cpu"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of finished trainings, which are only to be read."""
    root = tmp_path_factory.mktemp("runs")
    table, _ = fireassay.simulate("healthy-strong", sessions=24)
    asked = {"target": "column:y", "features": ["columns:f_*"], "permutations": 99}
    fireassay.train(table, model="majority", out=root / "majority", **asked)
    fireassay.train(table, model="linear", out=root / "linear", **asked)
    fireassay.train(table, model="linear", penalty=2.0, out=root / "penalty", **asked)
    fireassay.train(table, model="linear", test=0.5, out=root / "half", **asked)
    fireassay.train(table, model="transformer", out=root / "net", **asked, **NET)
    turned = table.with_columns(y=1 - pl.col("y"))
    fireassay.train(turned, model="linear", out=root / "other", **asked)
    return root


def test_a_better_run_is_told_with_its_gain_and_p(runs: Path) -> None:
    found = fireassay.compare(runs / "majority", runs / "linear")
    gain = found.gains[0]
    table = pl.read_parquet(runs / "linear" / "predictions.parquet").filter(part="test")
    scored = auc(table["mean"].to_numpy(), table["label"].to_numpy())
    assert gain.gain == pytest.approx(scored - 0.5)
    assert gain.p is not None
    assert gain.p <= 0.01
    assert gain.dates == 7
    assert found.runs[1].scores["AUC"].value == pytest.approx(scored)
    assert found.assessment[0].text.startswith("Run 2 is better than run 1: +0.")
    assert "model" in {difference.key for difference in found.settings}
    back = fireassay.compare(runs / "linear", runs / "majority")
    assert back.gains[0].gain == pytest.approx(-gain.gain)
    assert "worse" in back.assessment[0].text


def test_a_change_that_does_nothing_is_not_called_better(runs: Path) -> None:
    found = fireassay.compare(runs / "linear", runs / "penalty")
    assert "can't be told from run 1" in found.assessment[0].text
    assert [(d.key, d.values) for d in found.settings] == [("settings.penalty", (10.0, 2.0))]


def test_runs_of_several_test_parts_meet_on_their_common_bars(runs: Path) -> None:
    found = fireassay.compare(runs / "linear", runs / "half")
    assert found.gains[0].bars == found.runs[0].bars < found.runs[1].bars
    assert "test bars that both predicted" in found.remarks[0].text


def test_other_labels_are_not_compared_and_told_why(runs: Path) -> None:
    found = fireassay.compare(runs / "linear", runs / "other", runs / "net")
    assert {gain.run for gain in found.gains} == {3}
    assert "the labels differ at" in found.remarks[0].text
    assert all(gain.metric != "AUC" or gain.p_adjusted == gain.p for gain in found.gains)


def test_several_runs_share_the_error(runs: Path) -> None:
    found = fireassay.compare(*(runs / name for name in ("majority", "linear", "penalty")))
    first = [gain for gain in found.gains if gain.metric == found.metric]
    assert [gain.p_adjusted for gain in first] == [
        pytest.approx(min(1, 2 * max(g.p or 0 for g in first)), abs=0.02)
    ] * 2
    assert "Holm" in found.assessment[-1].text


def test_the_command_fits_80_columns_and_has_other_forms(runs: Path, tmp_path: Path) -> None:
    folders = [str(runs / name) for name in ("linear", "net", "half")]
    run = CliRunner().invoke
    result = run(app, ["compare", *folders], env={"COLUMNS": "80"})
    assert result.exit_code == 0, result.output
    assert max(cell_len(line) for line in result.stdout.split("\n")) <= 80
    for heading in ("Assessment", "Settings that differ", "Gains on run 1", "Learning curves"):
        assert heading in result.stdout
    text = run(app, ["compare", *folders, "--format", "json"]).stdout
    assert Compared.from_json(text) == fireassay.compare(*folders)
    out = tmp_path / "compared.md"
    assert run(app, ["compare", *folders, "-f", "markdown", "-o", str(out)]).exit_code == 0
    assert out.read_text().startswith("# Is one run better")


def test_what_is_no_finished_training_is_told_in_a_line(runs: Path, tmp_path: Path) -> None:
    linear = str(runs / "linear")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "train.json").write_text(json.dumps({"a": 1}))
    for faulty in (["nowhere"], [str(tmp_path)], [str(tmp_path / "broken")], [], [linear]):
        result = CliRunner().invoke(app, ["compare", linear, *faulty])
        assert result.exit_code == 2
        assert result.stderr.count("\n") == 1
    with pytest.raises(UserError, match="no such folder"):
        fireassay.compare(linear, "nowhere")


def test_multiclass_and_real_labels_are_compared(tmp_path: Path) -> None:
    prices, _ = fireassay.simulate("learnable", sessions=24, bar_minutes=5)
    for target, metric in (("direction:1,ties=class", "pooled"), ("return_magnitude:2", "rank IC")):
        folders = [tmp_path / f"{model}-{metric}" for model in ("majority", "linear")]
        for folder, model in zip(folders, ("majority", "linear"), strict=True):
            fireassay.train(prices, target=target, model=model, out=folder, permutations=99)
        found = fireassay.compare(*folders)
        assert metric in found.metric
        score = found.runs[1].scores[found.metric].value
        account = json.loads((folders[1] / "train.json").read_text())
        assert score == pytest.approx(account["held_out"]["effect"], abs=1e-6)
        assert np.isfinite(found.runs[0].bars)


@pytest.fixture(scope="module")
def diagnosed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a diagnosis of what `runs` trained, with the three trials that count."""
    folder = tmp_path_factory.mktemp("diagnosed") / "why"
    table, _ = fireassay.simulate("healthy-strong", sessions=24)
    study = resolve(target="column:y", features=["columns:f_*"], model="linear")
    lab.inspect(study, folder, table)
    prepared = lab.prepare(study, table)
    case, store = lab.open_case(prepared), Store(folder)
    store.write("study.toml", study.to_toml())
    store.write_table("test.parquet", labels_of_test(prepared.bars.frame, prepared.task))
    trials = [case.trial, *case.references, case.trial.with_(PermuteLabels(draw=0))]
    assert len(list(Executor(case.tasks, Setting("cpu", store))(trials))) == 3
    return folder


def test_trials_of_a_diagnosis_are_compared(runs: Path, diagnosed: Path) -> None:
    """Its model as set is the model that `train` makes; a reference is named by its learner."""
    found = fireassay.compare(runs / "linear", diagnosed, f"{diagnosed}#boosting")
    assert found.gains[0].gain == pytest.approx(0.0, abs=1e-9)
    assert found.settings[0].key == "model"
    assert found.settings[0].values == ("linear", "linear", "boosting")
    assert found.runs[0].bars == found.runs[1].bars == found.runs[2].bars
    assert found.runs[1].title.startswith("the model as set of column:y")
    every = {p.parent.name: json.loads(p.read_text()) for p in diagnosed.glob("trials/*/trial.json")}
    plain = next(id_ for id_, row in every.items() if row["learner"] == "boosting")
    again = fireassay.compare(diagnosed, f"{diagnosed}#{plain[:6]}")
    assert again.runs[1].scores == found.runs[2].scores


def test_what_a_diagnosis_does_not_hold_is_told(runs: Path, diagnosed: Path, tmp_path: Path) -> None:
    every = {p.parent.name: json.loads(p.read_text()) for p in diagnosed.glob("trials/*/trial.json")}
    other = [id_ for id_, row in every.items() if row["interventions"]]
    linear, why = str(runs / "linear"), str(diagnosed)
    told = {
        f"{why}#applied": "made no changes",
        f"{why}#forest": "has no trial forest",
        **{f"{why}#{id_}": "learned other labels" for id_ in other[:1]},
    }
    for name, message in told.items():
        with pytest.raises(UserError, match=message):
            fireassay.compare(linear, name)
    with pytest.raises(UserError, match="--apply"):
        fireassay.compare(why)
    bare = tmp_path / "bare"
    fireassay.inspect("sim:healthy-strong?sessions=12", target="column:y", out=bare)
    with pytest.raises(UserError, match="trained nothing"):
        fireassay.compare(linear, bare)


@pytest.mark.slow
def test_a_diagnosis_that_made_changes_stands_alone(tmp_path: Path) -> None:
    folder = tmp_path / "why"
    table, _ = fireassay.simulate("healthy-strong", sessions=40)
    found = fireassay.diagnose(
        table,
        model="bayesian",
        target="column:y",
        features=["columns:f_*"],
        permutations=99,
        budget="5m",
        apply=True,
        out=folder,
        ledger="off",
        **{**NET, "epochs": 6, "learning_rate": 0.01, "kl_weight": 1e6},
    )
    assert found.applied is not None
    compared = fireassay.compare(folder)
    assert [side.name for side in compared.runs] == [str(folder), f"{folder}#applied"]
    turned = {change.setting for change in found.applied.changes}
    assert turned <= {difference.key for difference in compared.settings}
    assert compared.gains[0].gain == pytest.approx(found.applied.outcome.gain, abs=1e-6)
    assert len(compared.runs[1].curve) == len(compared.runs[1].epochs) > 1


def test_curves_are_drawn_with_their_numbers(runs: Path) -> None:
    found = fireassay.compare(runs / "net", runs / "linear")
    page = fireassay.render(found, "html")
    assert page.count('<svg class="figure') == 1
    assert found.runs[0].epochs == (1, 2)
    for i, value in enumerate(found.runs[0].curve):
        assert f'data-path="/runs/0/curve/{i}" data-value="{value!r}"' in page
    plain = fireassay.render(fireassay.compare(runs / "majority", runs / "linear"), "html")
    assert '<svg class="figure' not in plain
