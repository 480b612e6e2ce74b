"""`fireassay sweep --vary`: Optuna picks configurations by validation, never by the test."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import optuna
import polars as pl
import pytest
from typer.testing import CliRunner, Result

import fireassay
from fireassay.cli.app import app
from fireassay.errors import SettingError
from fireassay.lab import Watch
from fireassay.search.space import checked, distributions, rounded, varied
from fireassay.study import Range, Study, resolve
from fireassay.swept import Swept
from fireassay.training.learner import Progress

SMALL = {"width": 8, "heads": 2, "layers": 1, "epochs": 2, "draws": 3, "device": "cpu"}
ASKED: dict[str, Any] = {"target": "column:y", "features": ["columns:f_*"], "permutations": 99}
SPACE: dict[str, Any] = {"learning_rate": "1e-4:3e-2:log", "kl_weight": [0, 1]}


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    return fireassay.simulate("healthy-strong", sessions=24)[0]


@pytest.fixture(scope="module")
def found(bars: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> tuple[Swept, Path]:
    out = tmp_path_factory.mktemp("search")
    return search(bars, out), out


def search(bars: pl.DataFrame, out: Path, **more: Any) -> Swept:
    asked = {"vary": SPACE, "trials": 6, "batch": 3, **ASKED, **SMALL, **more}
    return fireassay.sweep(bars, out=out, **asked)


def told(swept: Swept) -> list[tuple[Any, ...]]:
    """What may not depend on how often a search was stopped."""
    return [(row.changes, row.trials, row.validation, row.score, row.p) for row in swept.rows]


def test_a_space_is_searched_by_validation(found: tuple[Swept, Path]) -> None:
    swept, out = found
    assert swept.search is not None
    assert swept.search.trials == 6
    assert len(swept.rows) == 6
    for row in swept.rows:
        assert 1e-4 <= float(row.changes["learning_rate"]) <= 3e-2
        assert row.validation == row.metrics["validation_nll"]
    best = min(swept.rows, key=lambda row: row.validation or 9)
    assert swept.chosen == best.number
    assert f"Row {best.number} is what validation NLL chooses" in swept.assessment[0].text
    (name,) = optuna.get_all_study_names(f"sqlite:///{out / 'optuna.db'}")
    kept = optuna.load_study(study_name=name, storage=f"sqlite:///{out / 'optuna.db'}")
    assert [trial.value for trial in kept.trials] == [row.validation for row in swept.rows]
    assert Swept.from_json((out / "sweep.json").read_text()) == swept


def test_test_labels_change_no_suggestion(
    found: tuple[Swept, Path], bars: pl.DataFrame, tmp_path: Path
) -> None:
    """Other test labels give the same configurations and choice: the search can't have seen them."""
    swept, out = found
    first = pl.read_parquet(out / "test.parquet")["session"].min()
    y = pl.col("y")
    flipped = bars.with_columns(
        pl.when(pl.col("time").dt.date() >= first).then(1 - y).otherwise(y).alias("y")
    )
    other = search(flipped, tmp_path)
    assert [row.changes for row in other.rows] == [row.changes for row in swept.rows]
    assert other.chosen == swept.chosen
    assert [row.score for row in other.rows] != [row.score for row in swept.rows]


def test_a_search_that_was_stopped_goes_on_to_the_same_end(
    found: tuple[Swept, Path], bars: pl.DataFrame, tmp_path: Path
) -> None:
    for epochs in (1, 3):  # within the first batch, and within the second
        left = [epochs]

        def stop(_: object, left: list[int] = left) -> None:
            left[0] -= 1
            if not left[0]:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            search(bars, tmp_path, watch=Watch(progress=Progress(epoch=stop)))
    assert told(search(bars, tmp_path)) == told(found[0])


def test_a_batch_trains_in_lockstep(bars: pl.DataFrame, tmp_path: Path) -> None:
    seen: list[int] = []
    watch = Watch(progress=Progress(epoch=lambda news: seen.append(news.trials)))
    search(bars, tmp_path, watch=watch)
    assert seen == [3] * 4


def test_a_learner_fitted_on_validation_sessions_is_scored_without_them(
    bars: pl.DataFrame, tmp_path: Path
) -> None:
    asked = {"model": "linear", "vary": {"penalty": "0.01:1000:log"}, "batch": 4, **ASKED}
    four = fireassay.sweep(bars, trials=4, out=tmp_path, **asked)
    assert four.chosen is not None
    for row in four.rows:
        assert row.validation is not None
        assert row.validation > float(row.metrics["validation_nll"] or 9)  # it was fitted on these
    more = fireassay.sweep(bars, trials=8, out=tmp_path, **asked)
    assert told(more)[:4] == [
        (*early[:4], late.p) for early, late in zip(told(four), more.rows[:4], strict=True)
    ]
    assert len(more.rows) == 8
    assert more.best is not None
    assert more.best.tried == 8
    grid = fireassay.sweep(bars, grid={"penalty": [1]}, out=tmp_path, model="linear", **ASKED)
    assert len(grid.rows) == 9  # all that was tried in the folder counts


def test_what_is_suggested_twice_is_one_row_and_what_is_impossible_none(
    bars: pl.DataFrame, tmp_path: Path
) -> None:
    space = {"width": [8, 12], "heads": [2, 3]}
    asked = {**ASKED, **SMALL, "epochs": 1, "trials": 10, "batch": 5}
    swept = fireassay.sweep(bars, vary=space, out=tmp_path, **asked)
    assert swept.search is not None
    assert swept.search.trials == 10
    assert 0 < swept.search.impossible < 10
    assert len(swept.rows) <= 3
    assert (8, 3) not in {(row.changes["width"], row.changes["heads"]) for row in swept.rows}
    assert "not possible" in swept.assessment[0].text


def invoke(*args: str) -> Result:
    return CliRunner().invoke(app, list(args), env={"COLUMNS": "80"})


@pytest.mark.parametrize(
    ("vary", "why"),
    [
        ("learnin_rate=1e-5:1e-2", "Did you mean learning_rate"),
        ("target=direction:1,direction:2", "it changes what is asked"),
        ("learning_rate=1e-2:1e-5", "its ends are in the wrong order"),
        ("learning_rate=0:1e-2:log", "there are no decades"),
        ("learning_rate=1e-5:1e-2:log:2", "is no range"),
        ("learning_rate=-1:1", "greater than 0"),
        ("width=16.5:64", "takes whole numbers"),
        ("posterior=1:2", "takes no numbers"),
        ("width=7,9", "multiple of heads"),
        ("width=16", "nothing varies"),
    ],
)
def test_a_faulty_space_is_told_in_a_line_before_data_is_read(vary: str, why: str) -> None:
    result = invoke("sweep", "nowhere.parquet", "--vary", vary)
    assert result.exit_code == 2
    assert why in result.stderr
    assert result.stderr.strip().count("\n") == 0


def test_a_grid_and_a_space_at_once_are_refused() -> None:
    asked = ("--vary", "learning_rate=1e-5:1e-2", "--grid", "width=16,32")
    assert "Give --grid or --vary" in invoke("sweep", "nowhere.parquet", *asked).stderr


def test_a_study_names_the_space(tmp_path: Path) -> None:
    file = tmp_path / "study.toml"
    file.write_text(
        "[sweep]\ntrials = 5\n[sweep.vary]\nwidth = [16, 32]\n"
        "learning_rate = { low = 1e-5, high = 1e-2, log = true }\n"
    )
    study = Study.from_toml(file)
    assert study.sweep.vary["learning_rate"] == Range.parse("1e-5:1e-2:log")
    (tmp_path / "again.toml").write_text(study.to_toml())
    assert Study.from_toml(tmp_path / "again.toml") == study
    assert resolve(path=file, **{"sweep.trials": 7}).sweep.trials == 7


def test_values_are_as_their_settings_take_them() -> None:
    study = Study()
    space = checked(study, Study.model_validate({"sweep": {"vary": varied(
        ["settings.layers=1:4", "dropout=0:0.5:0.1", "learning-rate=1e-5:1e-2:log", "seed=0:9"]
    )}}).sweep.vary)  # fmt: skip
    found = distributions(study, space)
    assert found["layers"] == optuna.distributions.IntDistribution(1, 4)
    assert found["seed"] == optuna.distributions.IntDistribution(0, 9)
    assert found["dropout"] == optuna.distributions.FloatDistribution(0, 0.5, step=0.1)
    assert rounded(space, {"learning_rate": 0.000123456, "layers": 3}) == {
        "learning_rate": 0.0001235,
        "layers": 3,
    }
    assert rounded(space, {"learning_rate": 1.00004e-5})["learning_rate"] == 1e-5


def test_without_validation_sessions_or_optuna_there_is_no_search(
    bars: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingError, match="a search goes by nothing else"):
        search(bars, tmp_path, validation=0.0)
    real = builtins.__import__

    def absent(name: str, *args: Any, **more: Any) -> Any:
        if name == "optuna":
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(SettingError, match=r"pip install 'fireassay\[optuna\]'"):
        search(bars, tmp_path)
