"""The Python API: the verbs of the command line as functions, a trained run, and an estimator.

All of it is exported by `fireassay` itself and loaded when it is first asked for.
"""

from fireassay.api.estimator import BayesianTransformer
from fireassay.api.run import TrainedRun, load_run
from fireassay.api.verbs import diagnose, inspect, predict, render, scan, simulate, train

__all__ = [
    "BayesianTransformer",
    "TrainedRun",
    "diagnose",
    "inspect",
    "load_run",
    "predict",
    "render",
    "scan",
    "simulate",
    "train",
]
