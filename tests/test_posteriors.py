"""Every posterior through the public functions: train, load_run, predict, BayesianTransformer."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import fireassay
from fireassay import BayesianTransformer
from fireassay.statistics.scores import nll
from fireassay.training.settings import NETWORKS

SMALL = {"width": 8, "heads": 2, "layers": 1, "epochs": 3, "draws": 4, "device": "cpu"}
FAST = {"learning_rate": 0.03, "batch_labels": 256, "validation": 0.25}
ASKED = {"target": "column:y", "features": ["columns:f_*"], "permutations": 19, "members": 3}


@pytest.fixture(scope="module")
def bars() -> pl.DataFrame:
    table, _ = fireassay.simulate("healthy-strong", sessions=40)
    return table


NEW = {"mc_dropout", "deep_ensemble", "laplace"}
"""Those that no other test trains through the public functions."""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(name, marks=[] if name in NEW else pytest.mark.slow) for name in sorted(NETWORKS)
    ],
)
def run(
    request: pytest.FixtureRequest, bars: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory
) -> fireassay.TrainedRun:
    out = tmp_path_factory.mktemp(request.param)
    settings = {**ASKED, **SMALL, **FAST}
    return fireassay.train(bars, out=out, model=request.param, **settings)


def test_it_is_read_back_and_says_what_it_said(run: fireassay.TrainedRun, bars: pl.DataFrame) -> None:
    again = fireassay.load_run(run.folder)
    assert again.account == run.account
    found = again.predict(bars, keep_draws=True)
    both = run.predictions.join(found, on=["symbol", "session", "time"], suffix="_again")
    for name in ("mean", "total_entropy", "expected_entropy", "mutual_information"):
        assert np.allclose(both[name], both[f"{name}_again"], atol=1e-5), name
    spread = found["mutual_information"].max()
    assert (spread < 1e-6) == (run.study.model == "transformer")
    p = found["draws"].to_numpy().astype(float)
    assert np.allclose(p.mean(1), found["mean"], atol=1e-5)
    sd = run.weights()["head.weight"].sd
    assert (sd.max() > 0) == (run.study.model in ("bayesian", "laplace"))


def test_its_report_tells_of_calibration(run: fireassay.TrainedRun) -> None:
    found = run.account.calibration
    assert found is not None
    assert found.rescaled is not None
    assert 0 <= run.metrics["test_ece"] < 0.5
    kept = run.predictions.filter(pl.col("part") == "test")
    p, y = kept["mean"].to_numpy(), kept["label"].to_numpy()
    assert found.nll == pytest.approx(nll(p.astype(float), y.astype(float)), abs=1e-5)
    for form in ("terminal", "markdown"):
        text = fireassay.render(run, form)
        assert "Calibration on later sessions" in text
        assert "temperature, fitted on validation sessions" in text
    final = "final" in fireassay.render(run, "terminal").split("Loss, NLL")[-1]
    assert final == (run.study.model != "transformer")


def test_predictions_come_with_what_validation_mends(
    run: fireassay.TrainedRun, bars: pl.DataFrame
) -> None:
    found, account = run.predict(bars), run.account.calibration
    assert account is not None
    assert account.rescaled is not None
    temperature = account.rescaled.value
    assert temperature is not None
    p = found["mean"].to_numpy().astype(float)
    logit = np.log(p / (1 - p)) / temperature
    assert np.allclose(found["calibrated"], 1 / (1 + np.exp(-logit)), atol=1e-5)
    (ninety,) = (row for row in account.conformal if row.promised == 0.9)
    threshold = math.inf if ninety.threshold is None else ninety.threshold
    names = run.kept.inputs.classes
    expected = [
        "|".join(n for n, q in zip(names, (1 - v, v), strict=True) if 1 - q <= threshold) for v in p
    ]
    near = np.abs(np.minimum(p, 1 - p) - (1 - threshold)) < 1e-6
    assert all(a == b for a, b, n in zip(found["set"], expected, near, strict=True) if not n)


@pytest.mark.parametrize("posterior", ["mc_dropout", "deep_ensemble", "laplace"])
def test_arrays_of_ones_own_may_have_it_too(posterior: str) -> None:
    rng = np.random.default_rng(0)
    sessions = np.repeat(np.arange(12), 20)
    x = rng.normal(size=(240, 2)).astype(np.float32)
    y = x[:, 0] + rng.normal(size=240)
    model = BayesianTransformer(posterior=posterior, members=2, **SMALL).fit(x, y, sessions)
    found = model.predict(x, sessions, keep_draws=True)
    assert found.draws is not None
    assert found.draws.shape == ((2 if posterior == "deep_ensemble" else 4), 240, 1)
    assert found.mutual_information.max() > 0
    assert (model.settings.dropout > 0) == (posterior == "mc_dropout")


def test_a_real_label_gets_intervals(bars: pl.DataFrame, tmp_path: Path) -> None:
    settings = {**ASKED, **SMALL, **FAST}
    real = bars.with_columns(y=pl.col("f_00") + pl.col("y").cast(pl.Float64) + 0.01)
    run = fireassay.train(real, out=tmp_path / "real", model="laplace", **settings)
    found, account = run.predict(real), run.account.calibration
    assert account is not None
    (ninety,) = (row for row in account.conformal if row.promised == 0.9)
    assert ninety.threshold is not None
    half = ninety.threshold * np.sqrt(found["total_variance"].to_numpy().astype(float))
    assert np.allclose(found["high"] - found["mean"], half, atol=1e-5)
    assert np.allclose(found["mean"] - found["low"], half, atol=1e-5)
    text = fireassay.render(run, "terminal")
    assert "factor on predictive SDs" in text
    assert "Conformal intervals, from" in text
