from fireassay.api import BayesianTransformer as BayesianTransformer
from fireassay.api import TrainedRun as TrainedRun
from fireassay.api import diagnose as diagnose
from fireassay.api import inspect as inspect
from fireassay.api import load_run as load_run
from fireassay.api import predict as predict
from fireassay.api import render as render
from fireassay.api import scan as scan
from fireassay.api import simulate as simulate
from fireassay.api import train as train
from fireassay.errors import DataError as DataError
from fireassay.errors import SettingError as SettingError
from fireassay.errors import UserError as UserError
from fireassay.findings import Diagnosis as Diagnosis
from fireassay.study import Study as Study
from fireassay.study import resolve as resolve

__version__: str
__all__: list[str]
