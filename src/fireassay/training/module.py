"""People's own PyTorch modules as learners: their factory and loss in a plain loop, trial by trial.

The factory makes a new module each time it is called, so that every trial starts anew; it may take
the number of features and of outputs. The module gets windows `x [n, look_back, F]` of scaled
features that end at the bar to predict (zeros before the session's open), and `seq_lengths [n]`
where its forward has an argument of that name. It gives logits `[n]`, `[n, C]`, or
`[n, look_back, C]` (the last bar's count); locations in training SDs for a real label. A loss of
one's own is `loss(outputs, y)`, with the outputs `[n]` where there is one per bar.

A trial's name holds a digest of the factory's, the loss's and the module classes' code, of the
module's text and of its weights at the start. What else they read (global variables, files) isn't in
it: change such a thing and give another run folder.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import nn

from fireassay.arrays import AnyArray, Float, Int
from fireassay.data.task import Task
from fireassay.errors import SettingError
from fireassay.training.fitting import Fitting, dropout_rates, seeded
from fireassay.training.learner import Group, Learner, Setting, Weights
from fireassay.training.module_settings import PREFIX, ModuleSettings
from fireassay.training.recall import recall, source_of
from fireassay.training.trial import Run, Trial


class ModuleLearner(Learner):
    """Somebody's own module.

    Parameters
    ----------
    name
        `module:package.file:name` of its factory.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.factory = recall(name.removeprefix(PREFIX))
        self.knobs = frozenset(ModuleSettings.model_fields)
        if isinstance(self.factory, nn.Module):
            raise SettingError(
                "model is a module that was made already",
                where=name,
                fix="Give the class or a function that makes it: every trial starts anew.",
            )

    def default(self) -> ModuleSettings:
        """Return the loop's settings, with the module's own dropout and its digest."""
        with seeded(0, "cpu"):
            net = self.make(8, 1)
        return ModuleSettings(
            source=digest(net, self.factory), dropout=max(dropout_rates(net), default=0.0)
        )

    def make(self, inputs: int, outputs: int) -> nn.Module:
        """Make a new module; raises SettingError if the factory doesn't give one."""
        try:
            net = self.factory(*_arguments(self.factory, inputs, outputs))
        except Exception as error:
            raise SettingError(
                f"your module can't be made: {type(error).__name__}: {error}",
                where=self.name,
                fix="Give a function of (inputs, outputs), of (inputs), or of nothing.",
            ) from error
        if not isinstance(net, nn.Module):
            raise SettingError(
                f"it gave a {type(net).__name__}, not a torch.nn.Module",
                where=self.name,
                fix="Give the class of your module, or a function that returns a new one.",
            )
        return net

    def run(self, group: Group, setting: Setting) -> list[tuple[Run, Weights]]:
        """Train the one trial, look at its gradients at the start and the end, and predict."""
        ((trial, task),) = group
        with seeded(trial.seed, setting.device):
            fitting = Fitting(self, trial, task, setting.device)
            fitting.train(setting.progress)
            return [(fitting.finish(), fitting.weights())]


def asked_again(
    kept: Mapping[str, Any], weights: Mapping[str, AnyArray], task: Task, rows: Int
) -> Float:
    """Return `[n, C]` what a module that was trained says at the rows.

    Parameters
    ----------
    kept, weights
        Its trial as plain data, and its weights by name.
    task
        What it learned; its scaling is that of the training sessions.

    Raises
    ------
    SettingError
        If its code can't be found any more, or is another one.
    """
    own = ModuleLearner(kept["learner"])
    settings = ModuleSettings.model_validate(kept["settings"])
    if own.default().source != settings.source:
        raise SettingError(
            "the module isn't the one that was trained: its code or its start has changed",
            where=own.name,
            fix="Train it again.",
        )
    trial = Trial(own.name, settings, task.fingerprint, seed=kept["seed"])
    with seeded(trial.seed, "cpu"):
        fitting = Fitting(own, trial, task, "cpu")
        fitting.net.load_state_dict({n: torch.as_tensor(w) for n, w in weights.items()})
        return fitting.predict(rows)


def digest(net: nn.Module, factory: Callable[..., Any]) -> str:
    """Return a digest of a module as it starts, and of the code that makes it."""
    found = hashlib.blake2b(digest_size=8)
    found.update(source_of(factory).encode())
    found.update(repr(net).encode())
    for cls in sorted({type(m) for m in net.modules()}, key=lambda c: c.__qualname__):
        if not cls.__module__.startswith("torch."):
            found.update(source_of(cls).encode())
    for name, parameter in net.named_parameters():
        found.update(f"{name}{parameter.requires_grad}".encode())
    for value in net.state_dict().values():
        found.update(value.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _arguments(factory: Callable[..., Any], inputs: int, outputs: int) -> tuple[int, ...]:
    """Return what a factory takes of the two sizes."""
    needed = [
        p
        for p in inspect.signature(factory).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and (p.default is p.empty or p.name in ("inputs", "outputs"))
    ]
    return (inputs, outputs)[: len(needed)]
