"""One module of somebody's own in training: its loop, its windows and what it predicts."""

from __future__ import annotations

import contextlib
import inspect
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fireassay.arrays import Float, Int
from fireassay.data.task import Task
from fireassay.errors import SettingError
from fireassay.seeds import derive, generator
from fireassay.training.gradient_flow import Flow, gradient_flow
from fireassay.training.learner import EpochNews, Progress, Weights
from fireassay.training.measures import measures
from fireassay.training.measuring import rows_of, spread_evenly
from fireassay.training.member import label_scale
from fireassay.training.module_settings import ModuleSettings
from fireassay.training.probing import without_posterior
from fireassay.training.recall import recall
from fireassay.training.trial import Run, RunStatus, Trial

if TYPE_CHECKING:
    from fireassay.training.module import ModuleLearner

PROBED = 256
"""Labels of a look at the gradients."""

PASS_NUMBERS = 2**22
"""Feature values that a pass may hold: bounds its memory."""

TIMED_STEPS = 5
"""Steps that a timing runs."""


@dataclass
class Fitting:
    """One module in training.

    Attributes
    ----------
    learner, trial, task, device
        What is trained, on what, where.
    history
        One row an epoch.
    """

    learner: ModuleLearner
    trial: Trial
    task: Task
    device: str
    history: list[dict[str, float]] = field(default_factory=list)

    def __post_init__(self) -> None:
        assert isinstance(self.trial.settings, ModuleSettings)
        self.settings = s = self.trial.settings
        task = self.task
        self.kind = task.label.kind
        self.net = self.learner.make(len(task.panel.features), task.label.outputs).to(self.device)
        self._set_dropout(s.dropout)
        self.loss = recall(s.loss) if s.loss else None
        self.windows = Windows(task, s.look_back, self.device)
        self.takes_lengths = "seq_lengths" in inspect.signature(self.net.forward).parameters
        self.centre, self.spread = label_scale(task)
        y = (task.label.y - self.centre) / self.spread
        self.y = torch.as_tensor(y.astype(np.float32), device=self.device)
        self.trace = {
            name: self._traced(sessions)
            for name, sessions in (
                ("train", task.split.train),
                ("validation", task.split.validation),
                ("test", task.split.test),
            )
        }
        self.variance = 1.0
        self.began = time.perf_counter()
        self.status = RunStatus.DONE
        self.best_epoch, self.best_value = 0, math.inf
        self.start = self._state()
        self.kept = self.start
        learned = [p for p in self.net.parameters() if p.requires_grad]
        self.optimizer = (
            torch.optim.AdamW(learned, lr=s.learning_rate, weight_decay=s.weight_decay)
            if learned
            else None
        )
        self.flow_start = self.flow()

    def train(self, progress: Progress) -> None:
        """Train until the epochs are over, validation no longer improves, or training diverges."""
        s = self.settings
        for epoch in range(s.epochs):
            began = time.perf_counter()
            loss, norm, sound = self._epoch(epoch)
            row = {"epoch": float(epoch + 1), "loss": loss, "gradient_norm": norm}
            for name, rows in self.trace.items():
                row.update({f"{name}_{k}": v for k, v in self._measured(rows).items()})
            self.history.append(row)
            if not sound or not math.isfinite(row.get("train_nll", 0.0)):
                self.status = RunStatus.DIVERGED
            else:
                self._keep(row)
            ended = epoch + 1 == s.epochs or self.status is RunStatus.DIVERGED
            stops = s.patience > 0 and len(self.trace["validation"]) > 0
            ended = ended or (stops and epoch + 1 - self.best_epoch >= s.patience)
            spent, labels = time.perf_counter() - began, float(len(self.task.train_rows))
            each = {self.trial.id: row}
            progress.epoch(EpochNews(1, epoch + 1, s.epochs, spent, labels, row, ended, each))
            if ended:
                return
            if progress.stop():
                self.status = RunStatus.CUT_SHORT
                return

    def finish(self) -> Run:
        """Predict with the kept weights; return the run."""
        self.net.load_state_dict(self.kept)
        flow_end = self.flow()
        test, validation = self.task.test_rows, self.task.validation_rows
        parts = {"train": self.trace["train"], "validation": validation, "test": test}
        measured = {
            f"{part}_{name}": value
            for part, rows in parts.items()
            for name, value in self._measured(rows).items()
        }
        return Run(
            trial=self.trial,
            status=self.status,
            history=tuple(self.history),
            test=without_posterior(test, self.predict(test), self.kind),
            validation=without_posterior(validation, self.predict(validation), self.kind),
            best_epoch=self.best_epoch,
            seconds=time.perf_counter() - self.began,
            details={
                "labels": len(self.task.train_rows),
                "parameters": sum(p.numel() for p in self.net.parameters()),
                "measured": measured,
                "gradient": {n: g or 0.0 for n, g in flow_end.gradient.items()},
                "changed": self._changed(),
                "trainable": {n: p.requires_grad for n, p in self.net.named_parameters()},
                "flow": {"start": self.flow_start.plain(), "end": flow_end.plain()},
            },
        )

    def weights(self) -> Weights:
        """Return the kept weights by name."""
        return {name: value.cpu().numpy() for name, value in self.kept.items()}

    def predict(self, rows: Int) -> Float:
        """Return `[n, C]` probabilities (binary: of class 1), or means in the label's units."""
        outputs = self.task.label.outputs
        if not len(rows):
            return np.zeros((0, outputs))
        was = self.net.training
        self.net.eval()
        size = max(1, PASS_NUMBERS // (self.settings.look_back * len(self.task.panel.features)))
        with torch.no_grad():
            pieces = [
                self._said(self.outputs(rows[low : low + size])).cpu().numpy()
                for low in range(0, len(rows), size)
            ]
        self.net.train(was)
        mean = np.concatenate(pieces).astype(np.float64)
        return mean * self.spread + self.centre if self.kind == "real" else mean

    def flow(self) -> Flow:
        """Look at the gradients on some training labels."""
        rows = self.task.train_rows
        rows = rows[np.linspace(0, len(rows) - 1, min(PROBED, len(rows))).round().astype(int)]
        return gradient_flow(
            self.net, lambda: self.outputs(rows), lambda outputs: self._loss(outputs, rows)
        )

    def outputs(self, rows: Int) -> Tensor:
        """Return `[n, C]` what the module says; raises SettingError if that can't be used."""
        x, lengths = self.windows(rows)
        try:
            raw = self.net(x, seq_lengths=lengths) if self.takes_lengths else self.net(x)
        except Exception as error:
            told = f"your module fails on windows {list(x.shape)}: {type(error).__name__}: {error}"
            raise SettingError(
                told,
                where=self.learner.name,
                fix="It gets [labels, look_back, features]; a factory of (inputs, outputs) is told.",
            ) from error
        if isinstance(raw, Tensor):
            raw = raw[:, -1] if raw.dim() == 3 else raw[:, None] if raw.dim() == 1 else raw
            wanted = {2, 1} if self.kind == "binary" else {self.task.label.outputs}
            if raw.dim() == 2 and len(raw) == len(rows) and raw.shape[1] in wanted:
                return raw
        got = list(raw.shape) if isinstance(raw, Tensor) else type(raw).__name__
        raise SettingError(
            f"your module gives {got} for windows {list(x.shape)}",
            where=self.learner.name,
            fix=f"Give [n, {self.task.label.outputs}], or the same for every bar of the window.",
        )

    def time_rows(self) -> tuple[float, float]:
        """Return the seconds of training on a label once, and of predicting it; learns nothing."""
        rows = self.task.train_rows[: self.settings.batch_labels]
        self._gradient(rows)  # the first call allocates
        began = time.perf_counter()
        for _ in range(TIMED_STEPS):
            self._gradient(rows)
        training = (time.perf_counter() - began) / (TIMED_STEPS * len(rows))
        began = time.perf_counter()
        self.predict(rows)
        return training, (time.perf_counter() - began) / len(rows)

    def _epoch(self, epoch: int) -> tuple[float, float, bool]:
        """Run one epoch; return its mean loss, its last gradient norm, and whether all was finite."""
        rows = generator("module", "order", epoch).permutation(self.task.train_rows)
        steps = max(1, round(len(rows) / self.settings.batch_labels))
        total, norm = 0.0, 0.0
        self.net.train()
        for part in np.array_split(rows, steps):
            loss = self._gradient(part)
            if self.optimizer is not None:
                bound = self.settings.clip or math.inf
                norm = float(nn.utils.clip_grad_norm_(self.net.parameters(), bound))
                if not math.isfinite(norm):
                    return loss, norm, False
                self.optimizer.step()
            total += loss
        return total / steps, norm, math.isfinite(total)

    def _gradient(self, rows: Int) -> float:
        """Fill the gradients with those of the loss on the rows; return it."""
        self.net.zero_grad()
        loss = self._loss(self.outputs(rows), rows)
        if loss.requires_grad:
            loss.backward()
        return float(loss.detach())

    def _loss(self, outputs: Tensor, rows: Int) -> Tensor:
        y = self.y[torch.as_tensor(rows, device=self.device)]
        weight = None
        if self.task.weight is not None:
            weight = torch.as_tensor(self.task.weight[rows], device=self.device)
        alone = outputs.shape[1] == 1
        if self.loss is not None:
            value = self.loss(outputs[:, 0] if alone else outputs, y if alone else y.long())
            return value.mean()
        each = self._nll(outputs, y)
        return each.mean() if weight is None else (each * weight).sum() / weight.sum()

    def _nll(self, outputs: Tensor, y: Tensor) -> Tensor:
        """`[n]` the NLL of each label, up to a constant for a real one."""
        smoothing = self.settings.label_smoothing
        if self.kind == "real":
            return 0.5 * (outputs[:, 0] - y).square()
        if self.settings.outputs == "probabilities":
            p = torch.cat([1 - outputs, outputs], 1) if outputs.shape[1] == 1 else outputs
            log_p = torch.log(p.clamp(min=1e-7))
        elif outputs.shape[1] == 1:
            log_p = torch.cat([F.logsigmoid(-outputs), F.logsigmoid(outputs)], 1)
        else:
            log_p = F.log_softmax(outputs, 1)
        own = -log_p.gather(1, y.long()[:, None])[:, 0]
        return (1 - smoothing) * own - smoothing * log_p.mean(1)

    def _said(self, outputs: Tensor) -> Tensor:
        """`[n, C]` outputs to probabilities (binary: of class 1), or locations unchanged."""
        if self.kind == "real":
            return outputs
        if self.settings.outputs == "probabilities":
            p = outputs.clamp(0, 1)
        elif outputs.shape[1] == 1:
            p = torch.sigmoid(outputs)
        else:
            p = torch.softmax(outputs, 1)
        return p[:, 1:] if self.kind == "binary" and p.shape[1] == 2 else p

    def _measured(self, rows: Int) -> dict[str, float]:
        if not len(rows):
            return {}
        y, mean = self.task.label.y[rows].astype(np.float64), self.predict(rows)
        if not np.isfinite(mean).all():
            return {"nll": math.nan}
        found = measures(self.kind, mean, y)
        if self.kind == "real":
            z2 = ((y - mean[:, 0]) / self.spread) ** 2
            if rows is self.trace["train"]:
                self.variance = max(float(z2.mean()), 1e-12)
            found["nll"] = float(
                0.5 * (z2.mean() / self.variance + math.log(2 * math.pi * self.variance))
            )
        return found

    def _keep(self, row: Mapping[str, float]) -> None:
        """Keep the weights of the best epoch by validation NLL; without validation the last."""
        stops = self.settings.patience > 0 and "validation_nll" in row
        if not stops or row["validation_nll"] < self.best_value:
            self.best_epoch, self.kept = int(row["epoch"]), self._state()
            self.best_value = row["validation_nll"] if stops else math.inf

    def _state(self) -> dict[str, Tensor]:
        return {name: value.detach().clone() for name, value in self.net.state_dict().items()}

    def _changed(self) -> dict[str, float]:
        return {
            name: float((self.kept[name] - self.start[name]).abs().max()) if p.numel() else 0.0
            for name, p in self.net.named_parameters()
        }

    def _traced(self, sessions: Int) -> Int:
        """Return the labelled rows of a part that the per-epoch measures look at."""
        if not len(sessions):
            return np.zeros(0, dtype=np.int64)
        rows = rows_of(self.task, spread_evenly(self.task, sessions, self.settings.trace_rows))
        return rows[self.task.usable[rows]]

    def _set_dropout(self, rate: float) -> None:
        """Give the dropout layers the rate, those with a smaller one in proportion."""
        largest = max(dropout_rates(self.net), default=0.0)
        if not largest:
            return
        for layer in _dropouts(self.net):
            layer.p = layer.p * rate / largest


class Windows:
    """Windows of scaled features that end at given rows.

    Parameters
    ----------
    task
        Panel and scaling.
    look_back
        T, bars of a window.
    device
        Where the features lie.
    """

    def __init__(self, task: Task, look_back: int, device: str) -> None:
        panel = task.panel
        self.device = device
        self.x = torch.as_tensor(task.scaler(panel.values), device=device)
        self.first = torch.as_tensor(panel.offsets[:-1][panel.session_of_row], device=device)
        self.back = torch.arange(1 - look_back, 1, device=device)

    def __call__(self, rows: Int) -> tuple[Tensor, Tensor]:
        """Return `[n, T, F]`, zero before the session's open, and `[n]` the bars that are in it."""
        at = torch.as_tensor(rows, device=self.device)
        index = at[:, None] + self.back
        inside = index >= self.first[at][:, None]
        x = self.x[index.clamp(min=0)] * inside[..., None]
        return x, inside.sum(1)


@contextlib.contextmanager
def seeded(seed: int, device: str) -> Iterator[None]:
    """Draw from a trial's own stream where a module draws from PyTorch's global one; put it back."""
    devices = [torch.device(device)] if device.startswith("cuda") else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(derive("module", seed))
        yield


def dropout_rates(net: nn.Module) -> list[float]:
    """Return the rates of a module's dropout layers."""
    return [float(layer.p) for layer in _dropouts(net)]


def _dropouts(net: nn.Module) -> list[Any]:
    kinds = (nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d, nn.AlphaDropout)
    return [layer for layer in net.modules() if isinstance(layer, kinds)]
