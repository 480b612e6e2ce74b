"""Random convolutions over the bars so far, and a linear model on what they give."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from pydantic import Field

from fireassay.arrays import Bool, Float, Int
from fireassay.data.task import Task
from fireassay.models.probes import Probe, ProbeSettings, class_probabilities, probe
from fireassay.seeds import generator

LENGTH = 9
"""Taps of a kernel."""

CHUNK = 20_000
"""Rows whose convolutions stand in memory at once while they are made."""


class ConvolutionSettings(ProbeSettings):
    """Settings of the random convolutions."""

    kernels: int = Field(256, ge=1, description="Number of random kernels.")
    look_back: int = Field(32, ge=1, description="Bars that a kernel reaches back, at most.")
    penalty: float = Field(100.0, ge=0, description="L2 penalty on the sum of squared coefficients.")


@dataclass(frozen=True, eq=False)
class Kernels:
    """Random kernels over features and bars.

    Attributes
    ----------
    channel
        `[K, LENGTH]` the feature of each tap: one feature for most, several for the rest.
    lag
        `[K, LENGTH]` bars back of each tap, 0 for the last.
    weight
        `[K, LENGTH]` weights.
    bias
        `[K]` subtracted.
    """

    channel: Int
    lag: Int
    weight: Float
    bias: Float

    @classmethod
    def draw(cls, features: int, settings: ConvolutionSettings, seed: int) -> Kernels:
        """Draw kernels: nine taps of −1 and 2 that sum to 0, or one tap or two; powers of 2 apart."""
        rng = generator("convolutions", seed, features, settings.kernels, settings.look_back)
        shape = (settings.kernels, LENGTH)
        most = max(1, settings.look_back // (LENGTH - 1))
        dilation = 2 ** rng.integers(0, int(np.log2(most)) + 1, settings.kernels)
        lag = np.minimum(dilation[:, None] * np.arange(LENGTH)[::-1], settings.look_back)
        weight = np.full(shape, -1.0)
        for row in weight:
            row[rng.choice(LENGTH, 3, replace=False)] = 2.0
        # Sparse ones: single bars, their changes, and products need taps that stand alone.
        few = rng.random(settings.kernels) < 0.5
        for k in np.flatnonzero(few):
            weight[k] = 0.0
            taps = rng.choice(LENGTH, rng.integers(1, 3), replace=False)
            weight[k, taps] = rng.choice([-1.0, 1.0], len(taps))
        own = np.repeat(rng.integers(features, size=(settings.kernels, 1)), LENGTH, axis=1)
        mixed = rng.integers(features, size=shape)
        several = rng.random((settings.kernels, 1)) < 0.5
        bias = rng.standard_normal(settings.kernels)
        return cls(np.where(several, mixed, own), lag, weight, bias)

    def __call__(self, task: Task, rows: Int) -> Float:
        """Return `[n, F + 2K]` the features, each convolution squashed, and its distance from a bias.

        Bars before the session's first count as at the features' centre.
        """
        bar = task.panel.bar_of_row[rows]
        lags = np.unique(self.lag[self.weight != 0])
        total = np.zeros((len(rows), len(self.bias)), dtype=np.float32)
        for lag in lags:
            x = task.inputs(np.maximum(rows - lag, 0))
            before: Bool = bar < lag
            x[before] = 0.0
            width = np.zeros((x.shape[1], len(self.bias)), dtype=np.float32)
            taps, place = np.nonzero((self.lag == lag) & (self.weight != 0))
            np.add.at(width, (self.channel[taps, place], taps), self.weight[taps, place])
            total += x @ width
        total /= np.sqrt((self.weight**2).sum(axis=1)).astype(np.float32)
        squashed = total / np.sqrt(1 + total * total)
        apart = np.abs(total - self.bias.astype(np.float32))
        return np.concatenate([task.inputs(rows), squashed, np.minimum(apart, 5.0)], axis=1)


@probe
class Convolutions(Probe):
    """Random dilated convolutions, causal and bounded, and a ridge-penalised (logistic) regression.

    In the manner of ROCKET and MiniRocket: kernels of nine taps with weights −1 and 2 and dilations
    of powers of two, here over several features, beside sparse ones. Those pool their kernels over a
    whole series, which has one label; a label for every bar takes the convolutions at the bar, which
    reach `look_back` bars back inside the session and never forward.

    References
    ----------
    Dempster, Petitjean & Webb (2020), Data Min. Knowl. Discov. 34:1454; Dempster, Schmidt & Webb
    (2021), KDD, 248.
    """

    name: ClassVar[str] = "convolutions"
    settings: ClassVar[type[ProbeSettings]] = ConvolutionSettings

    def fit_predict(
        self, task: Task, settings: ProbeSettings, seed: int, fit: Int, predict: Int
    ) -> Float:
        """Draw kernels, fit scikit-learn's LogisticRegression or Ridge on them, and predict."""
        from sklearn.linear_model import LogisticRegression, Ridge

        assert isinstance(settings, ConvolutionSettings)
        kernels = Kernels.draw(len(task.panel.features), settings, seed)
        x, y = _made(kernels, task, fit), task.label.y[fit]
        centre, spread = x.mean(0), np.maximum(x.std(0), 1e-6)
        x = (x - centre) / spread
        held = (_made(kernels, task, predict) - centre) / spread
        if task.label.kind == "real":
            ridge = Ridge(alpha=settings.penalty).fit(x, y)
            return np.asarray(ridge.predict(held), dtype=np.float64)[:, None]
        model = LogisticRegression(C=1 / max(settings.penalty, 1e-12), max_iter=100, tol=1e-3)
        model.fit(x, y)
        return class_probabilities(task, model.classes_, model.predict_proba(held))


def _made(kernels: Kernels, task: Task, rows: Int) -> Float:
    parts = [kernels(task, rows[low : low + CHUNK]) for low in range(0, len(rows), CHUNK)]
    return np.concatenate(parts) if parts else kernels(task, rows)
