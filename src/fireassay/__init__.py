"""Is it the model, the training, the prior, the label, or the data that does not let it learn.

The verbs of the command line are functions here, of the same names and options:

>>> import fireassay
>>> found = fireassay.diagnose("bars.parquet", target="vwap_reversion:1", model="bayesian")
>>> run = fireassay.train("bars.parquet", target="vwap_reversion:1", epochs=10)
>>> run.predict("tomorrow.parquet")

Everything is loaded when it is first asked for: `import fireassay` loads neither PyTorch nor Polars.
"""

from __future__ import annotations

from importlib import import_module

__version__ = "0.1.0"

_HOME = {
    "BayesianTransformer": "fireassay.api.estimator",
    "DataError": "fireassay.errors",
    "Diagnosis": "fireassay.findings",
    "SettingError": "fireassay.errors",
    "Study": "fireassay.study",
    "TrainedRun": "fireassay.api.run",
    "UserError": "fireassay.errors",
    "compare": "fireassay.api.verbs",
    "diagnose": "fireassay.api.verbs",
    "explain": "fireassay.api.explaining",
    "fit_regression": "fireassay.api.tables",
    "gauntlet": "fireassay.clinic.run",
    "init": "fireassay.api.beginning",
    "inspect": "fireassay.api.verbs",
    "ledger": "fireassay.api.verbs",
    "load_run": "fireassay.api.run",
    "look_ahead": "fireassay.api.features",
    "predict": "fireassay.api.verbs",
    "render": "fireassay.api.verbs",
    "resolve": "fireassay.study",
    "scan": "fireassay.api.verbs",
    "simulate": "fireassay.api.verbs",
    "sweep": "fireassay.api.verbs",
    "train": "fireassay.api.verbs",
}
"""Where each public name is defined; `__init__.pyi` tells type checkers the same."""

__all__ = ["__version__", *_HOME]  # noqa: PLE0604  (names of strings)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])
