"""The lab: load, plan, run, judge, conclude. Each verb of the command line is one file here."""

from fireassay.lab.case import EFFECT, open_case
from fireassay.lab.diagnose import diagnose, inspect
from fireassay.lab.predict import predict
from fireassay.lab.prepare import Prepared, prepare
from fireassay.lab.scan import scan
from fireassay.lab.train import train
from fireassay.lab.watch import Watch
from fireassay.lab.writing import counted_on_test, write_reports

__all__ = [
    "EFFECT",
    "Prepared",
    "Watch",
    "counted_on_test",
    "diagnose",
    "inspect",
    "open_case",
    "predict",
    "prepare",
    "scan",
    "train",
    "write_reports",
]
