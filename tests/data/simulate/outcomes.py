"""Labels and simple causal features in NumPy, written from the definitions, as an oracle."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import polars as pl

from fireassay.arrays import Bool, Float


class Sessions:
    """A one-symbol table of full sessions as matrices `[S, T]`."""

    def __init__(self, frame: pl.DataFrame) -> None:
        days = frame["time"].dt.date()
        lengths = days.value_counts()["count"]
        full = int(lengths.max())
        keep = frame.filter(pl.len().over(pl.col("time").dt.date()) == full)
        self.bars = full

        def matrix(name: str) -> Float:
            return keep[name].cast(pl.Float64).to_numpy().reshape(-1, full)

        self.close, self.high, self.low = matrix("close"), matrix("high"), matrix("low")
        self.open, self.volume = matrix("open"), matrix("volume")
        vwap = np.nan_to_num(matrix("vwap"))
        self.vwap = np.cumsum(vwap * self.volume, 1) / np.cumsum(self.volume, 1)
        self.returns = np.diff(np.log(self.close), axis=1, prepend=np.nan)

    def move(self, k: int, skip: int = 0) -> Float:
        """Return p_{t+skip+k} − p_{t+skip}, NaN where it leaves the session."""
        out = np.full(self.close.shape, np.nan)
        last = self.bars - k - skip
        out[:, :last] = self.close[:, skip + k :] - self.close[:, skip : skip + last]
        return np.round(out, 6)

    def direction(self, k: int, skip: int = 0) -> Float:
        """Return the sign of the move: 0 for ties."""
        return np.sign(self.move(k, skip))

    def vwap_reversion(self, k: int, skip: int = 0) -> Float:
        """Return sign((V_t − p_t)(p_{t+k} − p_t)): 1 towards VWAP, −1 away."""
        return np.sign(np.round(self.vwap - self.close, 9)) * self.direction(k, skip)

    def volatility_increase(self, k: int) -> Float:
        """Return ±1: realised volatility of the next k bars above its slot's earlier median."""
        squares = np.nan_to_num(self.returns) ** 2
        return self._against_profile(_ahead(squares, k))

    def volume_surge(self, k: int, c: float = 1.0) -> Float:
        """Return ±1: volume of the next k bars above c times its slot's earlier median."""
        return self._against_profile(_ahead(self.volume, k), c)

    @cached_property
    def features(self) -> Float:
        """Return `[S, T, F]` causal features."""
        r = np.nan_to_num(self.returns)
        sigma = np.sqrt(_behind(r**2, 15)) + 1e-6
        deviation = (self.close - self.vwap) / self.close
        spread = np.maximum(self.high - self.low, 1e-9)
        volume = np.log1p(self.volume)
        late_volume = np.log1p(_behind(self.volume, 5))
        columns = [
            r,
            np.hstack([np.zeros((len(r), 1)), r[:, :-1]]),
            _behind(r, 3),
            _behind(r, 10),
            (self.close - self.low) / spread,
            deviation,
            np.sign(deviation),
            deviation / sigma,
            np.abs(deviation) / sigma,
            np.log(sigma),
            np.log(_profile(sigma) + 1e-9) - np.log(sigma),
            volume,
            late_volume - np.log1p(_profile(_behind(self.volume, 5))),
            np.broadcast_to(np.arange(self.bars), r.shape),
        ]
        return np.nan_to_num(np.stack(columns, axis=2))

    def _against_profile(self, ahead: Float, c: float = 1.0) -> Float:
        profile = _profile(ahead)
        above = np.where(ahead > c * profile, 1.0, -1.0)
        return np.where(np.isnan(ahead) | np.isnan(profile), np.nan, above)


def auc(sessions: Sessions, signs: Float, *, linear: bool = False, train: float = 0.7) -> float:
    """Fit on the first share of sessions and return the AUC on the others; ties are left out."""
    x = sessions.features
    first = int(x.shape[0] * train) * sessions.bars
    early = np.arange(signs.size) < first
    return fitted_auc(x.reshape(signs.size, -1), signs.ravel(), early, ~early, linear=linear)


def column_auc(frame: pl.DataFrame, *, linear: bool = False, train: float = 0.7) -> float:
    """Fit `y` on `f_*` of the first share of days and return the AUC on the others."""
    x, signs = columns(frame)
    early = share_of_days(frame) < train
    return fitted_auc(x, signs, early, ~early, linear=linear)


def columns(frame: pl.DataFrame) -> tuple[Float, Float]:
    """Return `[R, F]` the columns `f_*` and `[R]` the label as ±1, NaN where there is none."""
    x = frame.select(pl.col("^f_.*$")).fill_null(0.0).to_numpy()
    y = frame["y"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    return x, 2 * y - 1


def share_of_days(frame: pl.DataFrame) -> Float:
    """Return `[R]` the share of all days that lie before each row's."""
    day = frame["time"].dt.date().rank("dense").to_numpy() - 1
    return day / (day.max() + 1)


def fitted_auc(x: Float, signs: Float, fit: Bool, score: Bool, *, linear: bool = False) -> float:
    """Fit boosted trees, or a linear model, on some rows and return the AUC on others."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    learner = (
        make_pipeline(StandardScaler(), LogisticRegression())
        if linear
        else HistGradientBoostingClassifier(
            max_iter=60, learning_rate=0.08, max_leaf_nodes=8, min_samples_leaf=100
        )
    )
    known = np.isfinite(signs) & (signs != 0)
    fit, score = fit & known, score & known
    learner.fit(x[fit], signs[fit] > 0)
    return float(roc_auc_score(signs[score] > 0, learner.predict_proba(x[score])[:, 1]))


def _ahead(values: Float, k: int) -> Float:
    total = np.cumsum(values, axis=1)
    out = np.full(values.shape, np.nan)
    out[:, :-k] = total[:, k:] - total[:, :-k]
    return out


def _behind(values: Float, k: int) -> Float:
    total = np.cumsum(values, axis=1)
    return total - np.hstack([np.zeros((len(values), k)), total[:, :-k]])


def _profile(values: Float, sessions: int = 20) -> Float:
    """Return the median of the same slot over the sessions before, NaN before the fifth."""
    out = np.full(values.shape, np.nan)
    for s in range(5, len(values)):
        out[s] = np.median(values[max(0, s - sessions) : s], axis=0)
    return out
