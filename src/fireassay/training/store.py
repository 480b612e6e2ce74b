"""The run folder: written atomically, read back exactly, resumed after a kill at any moment.

```
<run>/
  study.toml            the resolved study          plan.json    what was to run, before it ran
  trials/<id>/          trial.json, run.json, predictions.safetensors, weights.safetensors
  cohorts/<id>.safetensors    the state of a cohort in training; removed when its trials are done
  diagnosis.json, report.html, report.md
  test.parquet          labels of the test bars, of a diagnosis or a sweep
  train.json, inputs.json, predictions.parquet    of a training: its account, what the network takes,
                                                  and what it says of validation and test sessions
```
A file appears under its name only when it is whole: it is written beside and renamed. Weights and
predictions are safetensors (the table of a training's predictions is Parquet), everything else is
JSON or TOML; nothing is pickled.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from safetensors.numpy import load_file, save_file

from fireassay.arrays import AnyArray
from fireassay.errors import UserError
from fireassay.training.trial import Predictions, Run, RunStatus, Trial, cohort_id

if TYPE_CHECKING:
    import polars as pl

    from fireassay.training.cohort import Cohort


class RunFolderError(UserError):
    """A run folder that can't be written or read."""


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def refuse_unwritable(root: Path | str) -> None:
    """Raise RunFolderError if a run folder plainly can't be made or written; makes nothing.

    For asking before long work; `Store` finds out for certain.
    """
    root = Path(root)
    there = next(path for path in (root, *root.absolute().parents) if path.exists())
    if not there.is_dir():
        cause = "Not a directory" if there != root else "it is a file"
    elif not os.access(there, os.W_OK | os.X_OK):
        cause = "Permission denied"
    else:
        return
    raise _unwritable(root, cause)


def _unwritable(root: Path, cause: str | None) -> RunFolderError:
    return RunFolderError(
        f"the run folder can't be written ({cause})",
        where=str(root),
        fix="Give another folder with --out.",
    )


def holds_runs(root: Path | str) -> bool:
    """Tell whether anything was trained in a folder: a run, or the state of one."""
    root = Path(root)
    return any(root.glob("trials/*/run.json")) or any(root.glob("cohorts/*.safetensors"))


class Store:
    """A run folder.

    Parameters
    ----------
    root
        The folder; it is made if it isn't there.

    Raises
    ------
    RunFolderError
        If the folder can't be made or written.
    """

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with _replacing(self.root / ".writable") as probe:
                probe.touch()
            (self.root / ".writable").unlink()
        except OSError as error:
            raise _unwritable(self.root, error.strerror) from None

    def write(self, name: str, text: str) -> Path:
        """Write a text file of the folder atomically; return its path."""
        path = self.root / name
        with _replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str | None:
        """Return a text file of the folder, or None if it isn't there."""
        path = self.root / name
        return path.read_text(encoding="utf-8") if path.exists() else None

    def write_arrays(
        self, name: str, arrays: dict[str, AnyArray], metadata: dict[str, str] | None = None
    ) -> Path:
        """Write named arrays as safetensors atomically; return the path."""
        path = self.root / name
        whole = {key: np.ascontiguousarray(value) for key, value in arrays.items()}
        with _replacing(path) as temporary:
            save_file(whole, temporary, metadata)
        return path

    def write_table(self, name: str, table: pl.DataFrame) -> Path:
        """Write a table as Parquet atomically; return the path."""
        path = self.root / name
        with _replacing(path) as temporary:
            table.write_parquet(temporary)
        return path

    def refuse_other_data(self, task: str) -> None:
        """Raise RunFolderError if the runs here were planned for a Task of another fingerprint."""
        plan = self.root / "plan.json"
        if not plan.exists() or not holds_runs(self.root):
            return
        planned = {row["task"] for row in json.loads(plan.read_text(encoding="utf-8"))}
        if planned - {task}:
            raise RunFolderError(
                "the data isn't what it was when this folder was begun",
                where=str(self.root),
                fix="Give another folder with --out.",
            )

    # Runs

    def save_run(self, run: Run, weights: dict[str, AnyArray]) -> None:
        """Keep a run; `run.json` is written last, so a run is there only when it is whole."""
        folder = f"trials/{run.trial.id}"
        self.write(f"{folder}/trial.json", json.dumps(run.trial.specification(), indent=1))
        arrays = {
            f"{part}.{name}": getattr(predictions, name)
            for part, predictions in (("test", run.test), ("validation", run.validation))
            for name in ("rows", "mean", "total", "expected")
        }
        self.write_arrays(f"{folder}/predictions.safetensors", arrays)
        if weights:
            self.write_arrays(f"{folder}/weights.safetensors", weights)
        row = {
            "status": run.status.value,
            "best_epoch": run.best_epoch,
            "seconds": run.seconds,
            "details": run.details,
            "history": run.history,
        }
        self.write(f"{folder}/run.json", json.dumps(row, indent=1))

    def load_run(self, trial: Trial) -> Run | None:
        """Return the run of a trial if it is in the folder, else None."""
        folder = self.root / "trials" / trial.id
        if not (folder / "run.json").exists():
            return None
        row = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        arrays = load_file(folder / "predictions.safetensors")
        parts = {
            part: Predictions(
                *(arrays[f"{part}.{name}"] for name in ("rows", "mean", "total", "expected"))
            )
            for part in ("test", "validation")
        }
        return Run(
            trial=trial,
            status=RunStatus(row["status"]),
            history=tuple(row["history"]),
            test=parts["test"],
            validation=parts["validation"],
            best_epoch=row["best_epoch"],
            seconds=row["seconds"],
            details=row["details"],
        )

    def load_weights(self, trial_id: str) -> dict[str, AnyArray]:
        """Return the arrays of a trial's weights file.

        Raises
        ------
        RunFolderError
            If the trial has none in this folder.
        """
        path = self.root / "trials" / trial_id / "weights.safetensors"
        if not path.exists():
            raise RunFolderError("there are no weights of this trial", where=str(path))
        return dict(load_file(path))

    def load_specification(self, trial_id: str) -> dict[str, Any]:
        """Return the plain data of a trial in this folder."""
        path = self.root / "trials" / trial_id / "trial.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    # Cohorts in training

    def save_cohort(self, cohort: Cohort) -> None:
        """Keep the state of a cohort after an epoch."""
        arrays, record = cohort.state()
        self.write_arrays(f"cohorts/{cohort.id}.safetensors", arrays, {"record": json.dumps(record)})

    def resume_cohort(self, cohort: Cohort) -> bool:
        """Bring a new cohort to the state that was kept of it; return whether there was one."""
        path = self.root / "cohorts" / f"{cohort.id}.safetensors"
        if not path.exists():
            return False
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            record = json.loads(file.metadata()["record"])
            names = list(file.keys())
            cohort.load({name: file.get_tensor(name) for name in names}, record)
        return True

    def drop_cohort(self, trials: Sequence[Trial]) -> None:
        """Forget the state of a cohort whose runs are kept."""
        (self.root / "cohorts" / f"{cohort_id(trials)}.safetensors").unlink(missing_ok=True)
