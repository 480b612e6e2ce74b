"""The Python API: what `import fireassay` gives, and that it does what the command line does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import fireassay
from fireassay import BayesianTransformer
from fireassay.errors import DataError, SettingError, UserError
from fireassay.statistics.scores import auc

SMALL = {"width": 8, "heads": 2, "layers": 1, "epochs": 2, "draws": 4, "device": "cpu"}
ASKED = {"target": "column:y", "features": ["columns:f_*"], "permutations": 99}


def test_importing_loads_neither_torch_nor_polars_and_is_fast() -> None:
    code = """
import sys, time
began = time.process_time()
import fireassay
spent = time.process_time() - began
print(sorted({"torch", "polars", "numpy", "pydantic", "scipy"} & set(sys.modules)), spent < 0.2)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] True"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = fireassay.trian  # type: ignore[attr-defined]


def test_every_public_name_is_there_typed_and_explained() -> None:
    stub = (Path(fireassay.__file__).parent / "__init__.pyi").read_text()
    for name in set(fireassay.__all__) - {"__version__"}:
        assert getattr(fireassay, name).__doc__
        assert f" as {name}\n" in stub
        assert name in dir(fireassay)
    assert stub.count(" as ") == len(fireassay.__all__) - 1


@pytest.mark.parametrize(
    "name",
    [
        "BayesianTransformer",
        "TrainedRun",
        "compare",
        "diagnose",
        "explain",
        "init",
        "inspect",
        "load_run",
        "predict",
        "render",
        "scan",
        "simulate",
        "sweep",
        "train",
    ],
)
def test_public_functions_show_an_example(name: str) -> None:
    assert ">>> " in getattr(fireassay, name).__doc__


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    table, truth = fireassay.simulate("healthy-strong", sessions=16)
    assert truth.target == "column:y"
    return table


@pytest.fixture(scope="module")
def run(bars: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> fireassay.TrainedRun:
    folder = tmp_path_factory.mktemp("run")
    return fireassay.train(bars, out=folder, model="bayesian", seeds=2, **ASKED, **SMALL)


def test_a_run_is_read_back_whole(run: fireassay.TrainedRun) -> None:
    again = fireassay.load_run(run.folder)
    assert again.study == run.study
    assert again.account == run.account
    assert run.history.height == 4
    assert {"seed", "epoch", "train_nll", "test_auc", "kl", "kl_per_label"} <= set(
        run.history.columns
    )
    assert run.metrics["test_auc"] == again.metrics["test_auc"]
    assert run.score == run.account.held_out.effect
    assert 0 < (run.p or 0) <= 1
    assert str(run.folder) in repr(run)
    assert fireassay.render(run.folder) == fireassay.render(run) == fireassay.render(run.account)


def test_weights_have_the_shapes_of_the_network(run: fireassay.TrainedRun) -> None:
    weights = run.weights()
    assert weights["embed.weight"].mean.shape == (8 + 3, 8)
    assert weights["head.weight"].sd.min() > 0
    assert weights["norm.gain"].sd.max() == 0
    other = run.weights(seed=1)
    assert not np.array_equal(weights["head.weight"].mean, other["head.weight"].mean)
    with pytest.raises(SettingError, match="there is no seed 5"):
        run.weights(seed=5)


def test_asked_again_it_says_what_it_said_at_the_end_of_training(
    run: fireassay.TrainedRun, bars: pl.DataFrame
) -> None:
    found = run.predict(bars)
    assert found.height == bars.height
    kept = run.predictions
    assert set(kept["part"]) == {"validation", "test"}
    both = kept.join(found, on=["symbol", "session", "time"], suffix="_again")
    assert both.height == kept.height
    for name in ("mean", "total_entropy", "expected_entropy", "mutual_information"):
        assert np.allclose(both[name], both[f"{name}_again"], atol=1e-6), name


def test_entropies_are_those_of_the_draws(run: fireassay.TrainedRun, bars: pl.DataFrame) -> None:
    found = run.predict(bars, draws=5, keep_draws=True)
    p = found["draws"].to_numpy().T.astype(np.float64)
    assert p.shape == (2 * 5, bars.height)
    assert np.allclose(p.mean(0), found["mean"], atol=1e-6)
    of_mean, each = (-(q * np.log(q) + (1 - q) * np.log1p(-q)) for q in (p.mean(0), p))
    assert np.allclose(of_mean, found["total_entropy"], atol=1e-5)
    assert np.allclose(each.mean(0), found["expected_entropy"], atol=1e-5)
    assert np.allclose(of_mean - each.mean(0), found["mutual_information"], atol=1e-5)


def test_the_training_scales_new_data(run: fireassay.TrainedRun, bars: pl.DataFrame) -> None:
    whole = run.predict(bars)
    last = bars.filter(pl.col("time").dt.date() >= bars["time"].dt.date().unique().sort()[-3])
    alone = run.predict(last)
    assert np.allclose(whole["mean"].tail(alone.height), alone["mean"], atol=1e-6)
    # A scaler fitted again would undo this change, and nothing would be seen of it.
    shifted = run.predict(last.with_columns(pl.col("^f_.*$") * 3 + 1))
    assert (shifted["mean"] - alone["mean"]).abs().max() > 0.01


@pytest.mark.parametrize(
    "turned", [lambda t: t.to_pandas(), lambda t: t.to_arrow(), lambda t: t.lazy()]
)
def test_any_table_may_be_given(
    turned: Callable[[pl.DataFrame], Any], run: fireassay.TrainedRun, bars: pl.DataFrame
) -> None:
    assert run.predict(turned(bars))["mean"].equals(run.predict(bars)["mean"])


def test_a_missing_feature_is_named(run: fireassay.TrainedRun, bars: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r"features that the model was trained on.*'f_03'"):
        run.predict(bars.drop("f_03"))


def test_a_table_in_memory_cant_be_read_again(run: fireassay.TrainedRun) -> None:
    with pytest.raises(DataError, match=r"trained on a table in memory.*Give the data"):
        run.predict()


def test_own_data_is_read_again_with_its_parts(tmp_path: Path, bars: pl.DataFrame) -> None:
    data = tmp_path / "bars.parquet"
    bars.write_parquet(data)
    run = fireassay.train(data, out=tmp_path / "run", model="linear", embargo=1, **ASKED)
    found = run.predict()
    sizes = dict(found["part"].value_counts().rows())
    lengths = run.account.before.sessions
    assert {part: lengths[part] * 78 for part in lengths} == {k: v for k, v in sizes.items() if k}
    assert sizes[None] == 2 * 78  # the embargo before validation, and before the test
    both = run.predictions.join(found, on=["symbol", "session", "time"], suffix="_again")
    assert np.allclose(both["mean"], both["mean_again"], atol=1e-6)
    # On new data the linear model is fitted again on the old, and asked about the new.
    day = bars["time"].dt.date()
    last = bars.filter(day == day.max())
    assert np.allclose(found["mean"].tail(last.height), run.predict(last)["mean"], atol=1e-5)
    with pytest.raises(SettingError, match="linear model keeps no weights"):
        run.weights()
    bars.with_columns(y=1 - pl.col("y")).write_parquet(data)
    with pytest.raises(DataError, match="has changed since"):
        run.predict()


def test_folders_without_a_training_say_what_they_hold(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no such folder"):
        fireassay.load_run(tmp_path / "nowhere")
    with pytest.raises(UserError, match="holds no training"):
        fireassay.load_run(tmp_path)
    (tmp_path / "diagnosis.json").write_text("{}")
    with pytest.raises(UserError, match="holds a diagnosis"):
        fireassay.load_run(tmp_path)


@pytest.mark.parametrize(
    ("later", "earlier", "told"),
    [
        (None, pl.col("y"), "no bar of the test sessions has a label"),
        (pl.col("y"), None, "no bar of the training sessions has a label"),
        (pl.col("y"), 1, "every label of the training sessions is"),
    ],
)
def test_parts_without_labels_are_told_before_training(
    later: pl.Expr | None,
    earlier: pl.Expr | int | None,
    told: str,
    bars: pl.DataFrame,
    tmp_path: Path,
) -> None:
    day = pl.col("time").dt.date()
    half = bars["time"].dt.date().unique().sort()[9]
    table = bars.with_columns(y=pl.when(day >= half).then(later).otherwise(earlier))
    with pytest.raises(DataError, match=told):
        fireassay.train(table, out=tmp_path / "run", model="linear", **ASKED)
    assert not (tmp_path / "run").exists()


def test_a_trainings_folder_is_no_place_for_a_diagnosis(
    run: fireassay.TrainedRun, bars: pl.DataFrame
) -> None:
    with pytest.raises(SettingError, match="holds a training"):
        fireassay.diagnose(bars, out=run.folder, **ASKED)
    with pytest.raises(SettingError, match="holds a training"):
        fireassay.inspect(bars, out=run.folder, **ASKED)


def test_inspect_and_diagnose_take_a_table(bars: pl.DataFrame, tmp_path: Path) -> None:
    seen = fireassay.inspect(bars, **ASKED)
    assert "label" in seen.evidence
    found = fireassay.diagnose(bars, model="majority", out=tmp_path, budget="unlimited", **ASKED)
    assert (tmp_path / "report.html").exists()
    assert found.study["target"] == "column:y"
    assert "Assessment" in fireassay.render(found)


# BayesianTransformer

LENGTH = 40


def made(kind: str, sessions: int = 30, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels that follow the first, and session ids."""
    rng = np.random.default_rng(seed)
    ids = np.repeat(np.arange(sessions), LENGTH)
    x = rng.standard_normal((len(ids), 4)).astype(np.float32)
    noisy = 2 * x[:, 0] + rng.standard_normal(len(ids))
    if kind == "real":
        return x, 5 + 3 * noisy, ids
    cuts = [0.0] if kind == "binary" else [-1.0, 1.0]
    return x, np.digitize(noisy, cuts).astype(float), ids


def fitted(kind: str, **more: Any) -> BayesianTransformer:
    x, y, ids = made(kind)
    y[::7] = np.nan
    settings = {**SMALL, "epochs": 12, "learning_rate": 0.02, "batch_labels": 120, **more}
    return BayesianTransformer(**settings).fit(x, y, ids)


@pytest.mark.parametrize("kind", ["binary", "multiclass", "real"])
def test_it_learns_from_arrays(kind: str) -> None:
    model = fitted(kind)
    x, y, ids = made(kind, seed=1)
    found = model.predict(x, ids, draws=8, keep_draws=True)
    outputs = 3 if kind == "multiclass" else 1
    assert found.mean.shape == (len(x), outputs)
    assert found.draws is not None
    assert found.draws.shape == (8, len(x), outputs)
    assert np.allclose(found.draws.mean(0), found.mean, atol=1e-5)
    assert (found.mutual_information >= 0).all()
    assert found.mutual_information.max() > 0
    if kind == "real":
        assert np.corrcoef(found.mean[:, 0], y)[0, 1] > 0.8
        assert found.mean.mean() == pytest.approx(5, abs=1)
        # Noise of SD 3, in the label's unit and not in training SDs, where it would be under 1.
        assert 5 < float(found.expected.mean()) < 20
    elif kind == "binary":
        assert auc(found.mean[:, 0], y) > 0.85
    else:
        assert np.allclose(found.mean.sum(1), 1, atol=1e-5)
        assert (found.mean.argmax(1) == y).mean() > 0.55
    assert model.runs[0].history[-1]["validation_nll"] < model.runs[0].history[0]["validation_nll"]


def test_it_knows_neither_the_future_nor_other_sessions() -> None:
    model = fitted("binary")
    x, _, ids = made("binary")
    before = model.predict(x, ids).mean
    later = x.copy()
    later[LENGTH + 10 : 2 * LENGTH] = 9.0
    after = model.predict(later, ids).mean
    assert np.allclose(before[: LENGTH + 10], after[: LENGTH + 10], atol=1e-6)
    assert np.allclose(before[2 * LENGTH :], after[2 * LENGTH :], atol=1e-6)
    assert not np.allclose(
        before[LENGTH + 10 : 2 * LENGTH], after[LENGTH + 10 : 2 * LENGTH], atol=1e-3
    )


def test_a_point_estimate_has_no_epistemic_uncertainty() -> None:
    model = fitted("binary", posterior="deterministic", epochs=1)
    x, _, ids = made("binary")
    assert model.predict(x, ids).mutual_information.max() == pytest.approx(0, abs=1e-6)


def test_several_seeds_are_asked_together() -> None:
    model = fitted("binary", seeds=2, epochs=1)
    x, _, ids = made("binary")
    found = model.predict(x, ids, draws=3, keep_draws=True)
    assert len(model.runs) == 2
    assert found.draws is not None
    assert found.draws.shape[0] == 6
    assert np.allclose(found.draws.mean(0), found.mean, atol=1e-6)


def test_without_validation_all_epochs_are_trained() -> None:
    model = fitted("binary", validation=0, epochs=3)
    assert model.runs[0].best_epoch == 3


X, Y, IDS = made("binary", sessions=4)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda: BayesianTransformer(widht=3), "Did you mean width"),
        (lambda: BayesianTransformer(width=7), "multiple of heads"),
        (lambda: BayesianTransformer(seeds=0), "at least one"),
        (lambda: BayesianTransformer().predict(X, IDS), "isn't fitted"),
        (lambda: BayesianTransformer().fit(X), "Call fit"),
        (lambda: BayesianTransformer().fit(X[:, 0], Y, IDS), r"\[R, F\]"),
        (lambda: BayesianTransformer().fit(X, Y[:5], IDS), r"y has shape \(5,\)"),
        (lambda: BayesianTransformer().fit(X, Y, IDS[:5]), r"sessions has shape \(5,\)"),
        (lambda: BayesianTransformer().fit(X, Y, IDS % 2), "don't stand together"),
        (lambda: BayesianTransformer().fit(X, Y * 0, IDS), "fewer than two values"),
        (lambda: BayesianTransformer().fit(X, Y, IDS * 0), "too few"),
        (lambda: BayesianTransformer().fit(X, Y * 2.5, IDS, kind="binary"), "aren't classes"),
        (lambda: BayesianTransformer().fit(X / 0, Y, IDS), "infinite"),
        (lambda: BayesianTransformer().fit(X, Y, IDS, features=["a"]), "must name the 4 columns"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_arrays_that_dont_fit_are_told(asked: Callable[[], object], told: str) -> None:
    with pytest.raises(UserError, match=told):
        asked()


def test_other_features_than_trained_on_are_told() -> None:
    model = fitted("binary", epochs=1)
    with pytest.raises(DataError, match="x has 3 features, the model was trained on 4"):
        model.predict(X[:, :3], IDS)
