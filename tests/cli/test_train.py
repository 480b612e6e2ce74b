"""`fireassay train` as a person uses it: what is printed, written, refused, and gone on with."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

import fireassay.cli.live
from fireassay.cli.app import app
from fireassay.trained import Trained

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = "sim:healthy-strong?sessions=16"
PRICES = "sim:learnable?sessions=16&bar_minutes=5"
SMALL = ("--width", "8", "--heads", "2", "--layers", "1", "--epochs", "2", "--draws", "3")
FEW = ("--permutations", "99", "--device", "cpu")

MODELS = {
    "bayesian": (COLUMNS, *SMALL),
    "transformer": (COLUMNS, *SMALL),
    "linear": (COLUMNS,),
    "boosting": (COLUMNS, "--set", "iterations=10"),
    "majority": (COLUMNS,),
}
TARGETS = {
    "real": (PRICES, "--target", "return_magnitude:2", "--model", "bayesian", *SMALL),
    "multiclass": (PRICES, "--target", "direction:1,ties=class", "--model", "bayesian", *SMALL),
    "real, linear": (PRICES, "--target", "return_magnitude:2", "--model", "linear"),
    "multiclass, boosting": (PRICES, "--target", "direction:1,ties=class", "--model", "boosting"),
    "two seeds": (COLUMNS, "--model", "bayesian", *SMALL, "--seeds", "2"),
}
CASES = {name: (*args, "--model", name) for name, args in MODELS.items()} | TARGETS


def train(*args: str, out: Path) -> Result:
    return CliRunner().invoke(app, ["train", *args, *FEW, "--out", str(out)])


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Result, Path]]:
    """Train a case once; returns what was printed and the folder, which is only to be read."""

    @functools.cache
    def once(name: str) -> tuple[Result, Path]:
        out = tmp_path_factory.mktemp("run")
        return train(*CASES[name], out=out), out

    return once


Trainings = Callable[[str], tuple[Result, Path]]


@pytest.mark.parametrize("name", CASES)
def test_a_model_is_trained_judged_and_kept(name: str, trained: Trainings) -> None:
    result, folder = trained(name)
    assert result.exit_code == 0, result.output
    lines = result.stdout.split("\n")
    assert max(cell_len(line) for line in lines) <= 80
    headings = ["Assessment", "On later sessions", "Before training", "Where it lies", "The data"]
    places = [lines.index(heading) for heading in headings]
    assert places == sorted(places)
    assert lines[-2] == str(folder / "report.html")
    assert (folder / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# ")

    text = (folder / "train.json").read_text()
    account = Trained.from_json(text)
    # One thing said once tells nothing of what isn't known.
    drawn = "--draws" in CASES[name] and name != "transformer"
    assert (account.uncertainty is not None) == drawn
    if account.uncertainty is not None:
        found = account.uncertainty
        assert found.total == pytest.approx((found.aleatoric or 0) + (found.epistemic or 0), rel=1e-4)
        assert (found.epistemic or 0) > 0
        assert sum(row.count for row in found.stretches) == account.held_out.numbers["test labels"]
        assert "Aleatoric and epistemic parts" in (folder / "report.html").read_text("utf-8")
    assert Trained.from_json(account.to_json()) == account
    assert account.schema_version == "1.0"
    assert len(account.members) == account.study["diagnosis"]["seeds"]
    assert account.held_out.sessions == 5
    network = account.study["model"] in ("bayesian", "transformer")
    for member in account.members:
        assert (folder / "trials" / member.trial / "run.json").exists()
        assert bool(member.weights) == network
        assert not network or (folder / member.weights).exists()
    table = pl.read_parquet(folder / "predictions.parquet")
    assert set(table["part"]) == ({"validation", "test"} if network else {"test"})
    assert table.height == account.held_out.numbers["test labels"] + (
        network and table.filter(part="validation").height
    )
    assert table.select(pl.selectors.float().is_finite().all()).row(0) == (True,) * (table.width - 4)
    assert {row["task"] for row in json.loads((folder / "plan.json").read_text())}
    again = CliRunner().invoke(app, ["report", str(folder)])
    assert again.stdout.rstrip() in result.stdout


def test_what_is_measured_is_shown_for_training_and_test(trained: Trainings) -> None:
    result, folder = trained("bayesian")
    text, account = result.stdout, Trained.from_json((folder / "train.json").read_text())
    row = account.members[0].history[0]
    for name in ("nll", "auc", "accuracy", "f1", "brier"):
        for part in ("train", "test"):
            assert f"{row[f'{part}_{name}']:.4f}" in text
    assert f"{row['kl']:,.0f}" in text
    assert f"{row['kl_per_label']:.4f}" in text
    assert "KL and what can pay for it" in text
    assert f"p = {account.held_out.p:.3f}" in text


def test_regression_shows_r2_and_rank_ic(trained: Trainings) -> None:
    result, folder = trained("real")
    row = Trained.from_json((folder / "train.json").read_text()).members[0].history[-1]
    for name in ("r2", "rank_ic"):
        assert f"{row[f'test_{name}']:.4f}".replace("-", "\u2212") in result.stdout


def test_a_finished_training_is_read_not_trained_again(trained: Trainings, tmp_path: Path) -> None:
    first, folder = trained("two seeds")
    shutil.copytree(folder, tmp_path / "run")
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("run/trials/*/*")}
    again = train(*CASES["two seeds"], out=tmp_path / "run")
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("run/trials/*/*")} == kept
    assert first.stdout.split("Assessment")[1].split("How it was run")[0] in again.stdout


def test_a_seed_more_trains_one_more_run(trained: Trainings, tmp_path: Path) -> None:
    shutil.copytree(trained("bayesian")[1], tmp_path / "run")
    (before,) = tmp_path.glob("run/trials/*/run.json")
    at = before.stat().st_mtime_ns
    assert train(*CASES["two seeds"], out=tmp_path / "run").exit_code == 0
    assert len(list(tmp_path.glob("run/trials/*/run.json"))) == 2
    assert before.stat().st_mtime_ns == at


def test_another_study_in_the_folder_is_told_and_refused(tmp_path: Path) -> None:
    assert train(*CASES["linear"], out=tmp_path).exit_code == 0
    result = train(
        COLUMNS, "--model", "linear", "--set", "penalty=3.0", "--test", "0.4", out=tmp_path
    )
    assert result.exit_code == 2
    assert "settings.penalty = unset there and 3.0 here" in result.stderr
    assert "split.test = 0.3 there and 0.4 here" in result.stderr
    assert len(result.stderr.strip().split("\n")) == 1


def test_other_data_under_the_same_name_is_refused(tmp_path: Path) -> None:
    data, out = tmp_path / "bars.parquet", tmp_path / "run"
    args = (str(data), "--target", "column:y", "--features", "columns:f_*", "--model", "linear")
    for seed in ("0", "1"):
        CliRunner().invoke(
            app,
            ["simulate", str(data), "--case", "healthy-strong", "--sessions", "16", "--seed", seed],
        )
        result = train(*args, out=out)
    assert result.exit_code == 2
    assert "the data isn't what it was" in result.stderr


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("--model", "baesian"), "unknown model 'baesian'. Did you mean bayesian?"),
        (("--set", "widht=3"), "unknown setting of bayesian 'widht'. Did you mean width"),
        (("--width", "7"), "width 7 must be a multiple of heads 4"),
        (("--model", "linear", "--width", "8"), "unknown setting of linear 'width'"),
        (("--seeds", "0"), "seeds"),
    ],
)
def test_a_faulty_setting_is_told_in_one_line(
    args: tuple[str, ...], told: str, tmp_path: Path
) -> None:
    result = train(COLUMNS, *args, out=tmp_path / "run")
    assert result.exit_code == 2
    assert told in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "run").exists()


def test_progress_off_a_terminal_tells_epoch_and_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fireassay.cli.live, "PATIENCE_S", 0.0)
    result = train(*CASES["bayesian"], out=tmp_path)
    assert "epoch 1/2, validation NLL 0." in result.stderr
    assert "s left" in result.stderr
    assert "Prior: logits vary with SD" in result.stderr


def test_jsonl_progress_is_json(tmp_path: Path) -> None:
    result = train(*CASES["bayesian"], "--output", "jsonl", out=tmp_path)
    rows = [json.loads(line) for line in result.stderr.strip().split("\n")]
    epochs = [row for row in rows if row["event"] == "epoch"]
    assert [row["epoch"] for row in epochs] == [1, 2]
    assert epochs[0]["measures"]["test_nll"] > 0
    assert any(row["event"] == "note" for row in rows)


def test_ctrl_c_leaves_a_run_that_goes_on_to_the_same_end(tmp_path: Path) -> None:
    args = (COLUMNS, "--model", "bayesian", *SMALL, "--epochs", "12", "--patience", "0", *FEW)
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert CliRunner().invoke(app, ["train", *args, "--out", str(whole)]).exit_code == 0
    code = "import fireassay.training.network as n; n.CHECKPOINT_S = 0.0;\n"
    code += "from fireassay.cli import main; main()"
    command = [sys.executable, "-c", code, "train", *args, "--output", "jsonl", "--out", str(cut)]
    told, last = "", 0
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("{") and json.loads(line)["event"] == "epoch":
                last = json.loads(line)["epoch"]
                if last == 3:
                    os.kill(process.pid, signal.SIGINT)
            elif not line.startswith("{"):
                told += line
    assert process.returncode == 130
    assert f"fireassay train --study {cut}/study.toml --out {cut} goes on" in told
    assert last < 12
    assert list(cut.glob("cohorts/*.safetensors"))
    unfinished = CliRunner().invoke(app, ["predict", str(cut)])
    assert unfinished.exit_code == 2
    assert "the training isn't finished" in unfinished.stderr

    resumed = CliRunner().invoke(
        app, ["train", "--study", f"{cut}/study.toml", "--out", str(cut), "--output", "jsonl"]
    )
    assert resumed.exit_code == 0, resumed.output
    rows = [json.loads(line) for line in resumed.stderr.strip().split("\n")]
    first = next(row["epoch"] for row in rows if row["event"] == "epoch")
    assert first > 1
    ours, theirs = (Trained.from_json((f / "train.json").read_text()) for f in (whole, cut))
    assert ours.members[0].history == theirs.members[0].history
    assert ours.members[0].metrics == theirs.members[0].metrics
    assert ours.held_out == theirs.held_out


def test_predict_writes_a_table_and_says_how_sure_it_is(trained: Trainings, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(trained("bayesian")[1], run)
    result = CliRunner().invoke(app, ["predict", str(run)])
    assert result.exit_code == 0, result.output
    assert "from the weights" in result.stdout
    table = pl.read_parquet(run / "predicted.parquet")
    assert table.height == 16 * 78
    other = tmp_path / "other.csv"
    new = ["predict", str(run), "sim:healthy-strong?sessions=3&seed=9", "--out", str(other)]
    assert CliRunner().invoke(app, new).exit_code == 0
    assert pl.read_csv(other).height == 3 * 78
    bad = CliRunner().invoke(app, ["predict", str(run), PRICES])
    assert bad.exit_code == 2
    assert "can't have the features that the model was trained on" in bad.stderr
