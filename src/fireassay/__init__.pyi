from fireassay.api.beginning import init as init
from fireassay.api.estimator import BayesianTransformer as BayesianTransformer
from fireassay.api.explaining import explain as explain
from fireassay.api.features import look_ahead as look_ahead
from fireassay.api.run import TrainedRun as TrainedRun
from fireassay.api.run import load_run as load_run
from fireassay.api.tables import fit_regression as fit_regression
from fireassay.api.verbs import compare as compare
from fireassay.api.verbs import diagnose as diagnose
from fireassay.api.verbs import inspect as inspect
from fireassay.api.verbs import ledger as ledger
from fireassay.api.verbs import predict as predict
from fireassay.api.verbs import render as render
from fireassay.api.verbs import scan as scan
from fireassay.api.verbs import simulate as simulate
from fireassay.api.verbs import sweep as sweep
from fireassay.api.verbs import train as train
from fireassay.clinic.run import gauntlet as gauntlet
from fireassay.errors import DataError as DataError
from fireassay.errors import SettingError as SettingError
from fireassay.errors import UserError as UserError
from fireassay.findings import Diagnosis as Diagnosis
from fireassay.study import Study as Study
from fireassay.study import resolve as resolve

__version__: str
__all__: list[str]
