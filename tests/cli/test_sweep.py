"""`fireassay sweep`: numbered rows, what each and the best of them is worth, and one row read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

import fireassay
from fireassay.cli.app import app
from fireassay.errors import SettingError
from fireassay.search.grid import configurations, parsed
from fireassay.search.reading import explain_row
from fireassay.study import Study
from fireassay.swept import Swept

SMALL = {"width": 8, "heads": 2, "layers": 1, "epochs": 2, "draws": 3, "device": "cpu"}
ASKED: dict[str, Any] = {"target": "column:y", "features": ["columns:f_*"], "permutations": 199}
GRID: dict[str, list[Any]] = {"learning_rate": [1e-4, 3e-2], "width": [8, 16]}


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    return fireassay.simulate("healthy-strong", sessions=24)[0]


@pytest.fixture(scope="module")
def swept(bars: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Swept, Path]:
    out = tmp_path_factory.mktemp("sweep")
    return fireassay.sweep(bars, grid=GRID, out=out, **ASKED, **SMALL), out


def test_rows_are_numbered_in_the_order_of_the_grid(swept: tuple[Swept, Path]) -> None:
    found, out = swept
    assert [row.number for row in found.rows] == [1, 2, 3, 4]
    assert [tuple(row.changes.values()) for row in found.rows] == [
        (1e-4, 8),
        (1e-4, 16),
        (3e-2, 8),
        (3e-2, 16),
    ]
    assert Swept.from_json((out / "sweep.json").read_text()) == found
    assert all((out / "trials" / row.trials[0] / "run.json").exists() for row in found.rows)


def test_a_row_scores_as_the_same_training_does(
    swept: tuple[Swept, Path], bars: pl.DataFrame, tmp_path: Path
) -> None:
    alone = fireassay.train(bars, out=tmp_path, **ASKED, **{**SMALL, "learning_rate": 3e-2})
    row = swept[0].rows[2]
    assert row.trials == (alone.account.members[0].trial,)
    assert row.score == pytest.approx(alone.score, abs=2e-3)
    assert row.p == pytest.approx(alone.p, abs=0.02)


def test_the_best_is_compared_with_the_best_of_as_many(swept: tuple[Swept, Path]) -> None:
    found, _ = swept
    best = found.best
    assert best is not None
    assert best.tried == 4
    assert best.score == pytest.approx(max(row.score or 0 for row in found.rows))
    assert best.chance is not None
    assert best.q95 is not None
    assert 0.5 < best.chance < best.q95
    for row in found.rows:
        assert row.p is not None
        assert row.p_adjusted is not None
        assert row.p_adjusted >= row.p
    assert best.p == pytest.approx(0.005)
    assert found.chosen in {row.number for row in found.rows}
    assert "can be told from chance, all rows tested together" in found.assessment[1].text


def test_noise_has_a_best_row_that_is_not_believed(tmp_path: Path) -> None:
    noise = fireassay.simulate("random-labels", sessions=24)[0]
    found = fireassay.sweep(
        noise, grid={"penalty": [0.1, 1, 10]}, model="linear", out=tmp_path, **ASKED
    )
    assert found.best is not None
    assert found.best.p is not None
    assert found.best.p > 0.05
    assert "No row can be told from chance" in found.assessment[1].text
    assert found.chosen is None  # it is fitted on the validation sessions


def test_a_folder_is_gone_on_with_and_all_that_was_tried_counts(
    bars: pl.DataFrame, tmp_path: Path
) -> None:
    asked = {"model": "linear", "out": tmp_path, **ASKED}
    first = fireassay.sweep(bars, grid={"penalty": [1, 10]}, **asked)
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob("trials/*/*")}
    more = fireassay.sweep(bars, grid={"penalty": [100, 10]}, **asked)
    assert [row.changes["penalty"] for row in more.rows] == [1, 10, 100]
    assert [row.trials for row in more.rows[:2]] == [row.trials for row in first.rows]
    assert all(path.stat().st_mtime_ns == at for path, at in kept.items())
    assert more.best is not None
    assert more.best.tried == 3
    with pytest.raises(SettingError, match="another question"):
        fireassay.sweep(bars, grid={"penalty": [1]}, test=0.5, **asked)


def test_trials_of_equal_shape_run_in_lockstep(bars: pl.DataFrame, tmp_path: Path) -> None:
    seen: list[int] = []
    from fireassay.lab import Watch
    from fireassay.training.learner import Progress

    watch = Watch(progress=Progress(epoch=lambda news: seen.append(news.trials)))
    grid = {"learning_rate": [1e-3, 1e-2], "kl_weight": [0, 1]}
    fireassay.sweep(bars, grid=grid, out=tmp_path, watch=watch, **ASKED, **SMALL)
    assert set(seen) == {4}


def test_the_command_tells_rows_as_they_land_and_fits_80_columns(tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(
        'model = "linear"\n[data]\nlocation = "sim:healthy-strong?sessions=16"\n'
        "[diagnosis]\ndraws = 99\n[sweep.grid]\npenalty = [1, 10]\n"
    )
    result = invoke("sweep", str(study), "--out", str(tmp_path / "run"))
    assert result.exit_code == 0, result.output
    told = [line for line in result.stdout.split("\n") if str(tmp_path) not in line]
    assert max(cell_len(line) for line in told) <= 80
    assert "row 2: penalty=10: test score" in result.stderr
    row = result.stdout.split("beyond")[1]
    assert "told" not in row
    again = invoke("sweep", str(study), "--grid", "penalty=1,10", "-o", str(tmp_path / "run"))
    assert again.stdout.split("Assessment")[1] == result.stdout.split("Assessment")[1]
    shown = invoke("report", str(tmp_path / "run"))
    assert shown.stdout.rstrip() in again.stdout
    assert invoke("report", str(tmp_path / "run"), "-f", "html").stdout.startswith("<!DOCTYPE html>")
    read = invoke("explain", str(tmp_path / "run"), "--row", "2")
    assert read.exit_code == 0, read.output
    shown_row = [line for line in read.stdout.split("\n") if str(tmp_path) not in line]
    assert max(cell_len(line) for line in shown_row) <= 80
    compared = invoke("compare", f"{tmp_path / 'run'}#1", f"{tmp_path / 'run'}#2")
    assert compared.exit_code == 0, compared.output
    assert "settings.penalty" in compared.stdout


def invoke(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), env={"COLUMNS": "80"})


@pytest.mark.parametrize(
    ("grid", "why"),
    [
        ("learnin_rate=1,2", "Did you mean learning_rate"),
        ("target=direction:1,direction:2", "it changes what is asked"),
        ("data.sessions=gap:30m", "it changes what is asked"),
        ("learning_rate", "Write KEY=VALUE"),
        ("learning_rate=-1", "greater than 0"),
        ("width=7", "multiple of heads"),
        ("seed=" + ",".join(map(str, range(1001))), "at most 1,000"),
    ],
)
def test_a_faulty_grid_is_told_in_a_line_before_data_is_read(grid: str, why: str) -> None:
    result = invoke("sweep", "nowhere.parquet", "--grid", grid)
    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_no_grid_no_sweep_and_no_row_are_told(swept: tuple[Swept, Path], tmp_path: Path) -> None:
    assert "there is no grid" in invoke("sweep", "sim:learnable").stderr
    assert "Rows are 1 to 4" in invoke("explain", str(swept[1]), "--row", "13").stderr
    assert "there is no sweep" in invoke("explain", str(tmp_path), "--row", "1").stderr
    assert invoke("explain", "--row", "1").exit_code == 2


def test_models_share_a_grid_each_with_its_own_settings() -> None:
    grid = parsed(["model=linear,transformer", "penalty=1,10", "width=8,16"])
    found = configurations(Study(), grid)
    assert [one.changes for one in found] == [
        {"model": "linear", "penalty": 1},
        {"model": "linear", "penalty": 10},
        {"model": "transformer", "width": 8},
        {"model": "transformer", "width": 16},
    ]


def test_the_classic_question_is_answered(swept: tuple[Swept, Path], tmp_path: Path) -> None:
    """Train F1 .4435, test F1 .4898: what it means, and what comes next, with signal and without."""
    found = swept[0]
    metrics = {
        "train_f1": 0.4435,
        "test_f1": 0.4898,
        "train_accuracy": 0.598,
        "test_accuracy": 0.594,
        "train_nll": 0.6745,
        "test_nll": 0.6762,
        "train_auc": 0.507,
        "test_auc": 0.503,
    }
    row = found.rows[0].model_copy(
        update={"metrics": metrics, "score": 0.503, "p": 0.41, "p_adjusted": 0.8}
    )
    labels = found.labels.model_copy(
        update={
            "train": 40_000,
            "test": 12_000,
            "effective": 12_000.0,
            "train_prevalence": 0.4,
            "prevalence": 0.4,
        }
    )
    changed = found.model_copy(update={"rows": (row,), "labels": labels, "chosen": None})
    (tmp_path / "sweep.json").write_text(changed.to_json())
    (entry,) = explain_row(tmp_path, 1).entries
    told = {
        part.heading: [p.text for p in entry.parts if p.heading == part.heading]
        for part in entry.parts
    }
    assert "can't be told from chance" in told["Told from chance"][1]
    assert "not even the training sessions are predicted better" in told["Loss"][0]
    said = " ".join(told["Metrics"])
    assert "Test F1 .4898 takes no skill" in said
    assert "Train F1 .4435 takes no skill" in said
    assert "Test F1 is .0463 above train F1" in said
    assert "macro" not in said
    signal, none = " ".join(told["If there is signal"]), " ".join(told["If there is none"])
    assert "Train F1 should rise above test F1" in signal
    assert "within the range of no skill" in none


def test_rows_are_kept_as_plain_data(swept: tuple[Swept, Path]) -> None:
    kept = json.loads((swept[1] / "rows.json").read_text())
    assert [row["changes"] for row in kept] == [dict(row.changes) for row in swept[0].rows]
    table = pl.read_parquet(swept[1] / "test.parquet")
    assert table.height == swept[0].labels.test
