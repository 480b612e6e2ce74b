"""What a peer is given of a patient, and where it leaves what it said.

Runs in a peer's own environment: pandas and NumPy only.
"""

from __future__ import annotations

import argparse
import json
import time
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

NOT_FEATURES = ("label", "proba", "part", "time")
"""Columns of a case's table that are no features."""


@dataclass(frozen=True)
class Case:
    """One patient under one seed.

    Attributes
    ----------
    name
        PATIENT-SEED.
    train, test
        Its labelled rows in order of time: features as they are, unscaled and with gaps; `label` 0
        or 1; `proba` of class 1 as the patient's own model predicts it; `time`. Validation sessions
        belong to the training rows.
    scaled
        Whether the study standardises features.
    """

    name: str
    train: pd.DataFrame
    test: pd.DataFrame
    scaled: bool

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return [column for column in self.train if column not in NOT_FEATURES]

    @property
    def rows(self) -> pd.DataFrame:
        """Rows of both parts."""
        return pd.concat([self.train, self.test], ignore_index=True)


@dataclass(frozen=True)
class Remark:
    """One thing that a peer says is wrong.

    Attributes
    ----------
    id
        The check, by which the mapping goes.
    text
        The peer's words.
    severity
        "issue", or "tip" where the peer itself calls it advice or a warning.
    """

    id: str
    text: str
    severity: str = "issue"


Looks = Callable[[Case], tuple[list[Remark], dict[str, Any]]]
"""Returns remarks and the figures behind them."""


def each(peer: str, packages: tuple[str, ...], looks: Looks) -> None:
    """Show a peer every case of the folder named on the command line that it hasn't seen.

    A case at which the peer breaks off is kept with its traceback.
    """
    parser = argparse.ArgumentParser(description=f"Ask {peer}.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    warnings.simplefilter("ignore")
    for case_folder in sorted(folder.iterdir()):
        kept = case_folder / f"{peer}.json"
        if kept.exists() or not (case_folder / "case.json").exists():
            continue
        case, began, failure = _read(case_folder), time.perf_counter(), ""
        try:
            remarks, figures = looks(case)
        except Exception:  # told in the table; the other patients are seen
            remarks, figures, failure = [], {}, traceback.format_exc()
        said = {
            "peer": peer,
            "versions": {name: version(name) for name in packages},
            "seconds": time.perf_counter() - began,
            "remarks": [vars(remark) for remark in remarks],
            "figures": figures,
            "failure": failure,
        }
        begun = kept.with_suffix(".tmp")
        begun.write_text(json.dumps(said, indent=1, default=float), encoding="utf-8")
        begun.replace(kept)
        print(f"{peer} {case.name} {said['seconds']:.1f} s {failure[-200:]}", flush=True)


def _read(folder: Path) -> Case:
    about = json.loads((folder / "case.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(folder / "rows.parquet")
    table["label"] = table["label"].astype(int)
    train, test = (table[table["part"] == part].reset_index(drop=True) for part in ("train", "test"))
    return Case(folder.name, train, test, about["scaling"] != "none")
