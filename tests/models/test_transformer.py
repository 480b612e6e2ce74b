"""The packed, banded Transformer against its slow twin, and what it may and may not look at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fireassay.choices import Activation, Positions
from fireassay.data.task import Task
from fireassay.models.transformer import Architecture, Dropout, Transformer
from fireassay.models.variational import MeanField, Weights
from fireassay.training.batches import Feeder, Step, pack, window_steps
from fireassay.training.cohort import architecture
from fireassay.training.settings import NetSettings, PosteriorKind
from fireassay.training.start import start
from tests.models import twin
from tests.training.tasks import SMALL, label_of, make_task, panel_of, split_of

LENGTHS = (9, 1, 4, 13, 2, 7)


def ragged(lengths: tuple[int, ...] = LENGTHS, seed: int = 0) -> Task:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((sum(lengths), 3))
    x[::11, 1] = np.nan  # not known
    return Task(panel_of(x, lengths), label_of(np.zeros(len(x))), split_of(len(lengths)))


def shape(**changes: object) -> NetSettings:
    return NetSettings.model_validate({**SMALL.model_dump(), **changes})


def posterior_of(net: Transformer, chosen: NetSettings, seeds: tuple[int, ...] = (0,)) -> MeanField:
    """Weights that are all in use: biases and gains too, and an output that varies."""
    random = chosen.model_copy(update={"posterior": PosteriorKind.MEAN_FIELD})
    found = start(net.layout, [random] * len(seeds), seeds, "cpu")
    noise = torch.randn(found.theta.shape, generator=torch.Generator().manual_seed(1))
    noise[:, 1] = 0
    return found.at(found.theta.detach() + 0.3 * noise)


def setup(task: Task, **changes: object) -> tuple[Transformer, Feeder, Weights]:
    chosen = shape(**changes)
    net = Transformer(architecture(task, chosen))
    return net, Feeder(task, "cpu", net.arch.windows), posterior_of(net, chosen).at_mean()


def packed(task: Task, groups: list[list[int]], net: Transformer) -> Step:
    return pack(task.panel.offsets, groups, max(net.arch.windows))


def dense(net: Transformer, feeder: Feeder, weights: Weights, step: Step) -> torch.Tensor:
    """`[N, R, C]` outputs at all rows of the panel, NaN where the step has none."""
    with torch.no_grad():
        found = net(weights, feeder(step))
    out = torch.full((len(found), feeder.panel.rows, found.shape[-1]), float("nan"))
    for group, rows in enumerate(step.rows):
        mine = slice(None) if len(step.rows) == 1 else slice(group, None, len(step.rows))
        out[mine, rows[rows >= 0]] = found[mine, np.flatnonzero(rows >= 0)]
    return out


def predict(task: Task, **changes: object) -> torch.Tensor:
    """`[R, C]` outputs with all sessions in one row."""
    net, feeder, weights = setup(task, **changes)
    return dense(net, feeder, weights, packed(task, [list(range(task.panel.sessions))], net))[0]


def slow(
    net: Transformer, task: Task, feeder: Feeder, flat: torch.Tensor, sessions: list[int]
) -> torch.Tensor:
    out = torch.full((task.panel.rows, net.arch.outputs), float("nan"))
    for s in sessions:
        low, high = task.panel.offsets[s : s + 2]
        x = torch.as_tensor(task.inputs(np.arange(low, high)))
        out[low:high] = twin.forward(net, flat, x, feeder.typical_length)
    return out


@pytest.mark.parametrize("look_back", [1, 2, 6, 40])
@pytest.mark.parametrize("positions", Positions)
def test_equals_the_slow_twin(positions: Positions, look_back: int) -> None:
    task = ragged()
    net, feeder, _ = setup(task, positions=positions, look_back=look_back)
    flat = posterior_of(net, shape()).mean
    weights = posterior_of(net, shape()).at_mean()
    sessions = list(range(task.panel.sessions))
    expected = slow(net, task, feeder, flat[0], sessions)
    assert expected.std() > 0.1
    found = dense(net, feeder, weights, packed(task, [sessions], net))[0]
    assert torch.allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize(
    "changes",
    [
        {"layers": 1, "heads": 1, "look_back": 3},
        {"layers": 3, "heads": 4, "look_back": 5, "activation": Activation.RELU},
        {"width": 12, "heads": 2, "mlp_ratio": 2, "look_back": 9},
    ],
)
def test_equals_the_slow_twin_in_other_shapes(changes: dict[str, object]) -> None:
    task = ragged(lengths=(7, 7, 7))  # equal lengths fill their blocks
    net, feeder, weights = setup(task, **changes)
    flat = posterior_of(net, shape(**changes)).mean[0]
    expected = slow(net, task, feeder, flat, [0, 1, 2])
    found = dense(net, feeder, weights, packed(task, [[0, 1, 2]], net))[0]
    assert torch.allclose(found, expected, atol=2e-5)


@pytest.mark.parametrize("positions", Positions)
@pytest.mark.parametrize("grouped", [True, False])
def test_trials_and_draws_equal_the_twin_one_by_one(positions: Positions, grouped: bool) -> None:
    """Grouped, each draw of a trial sees its own sessions; else all draws see all of them."""
    task, draws, trials = ragged(), 2, 3
    chosen = shape(positions=positions)
    net, feeder, _ = setup(task, positions=positions)
    posterior = posterior_of(net, chosen, (3, 4, 5))
    rng = torch.Generator().manual_seed(2)
    noise = torch.randn(trials, draws, net.layout.size, generator=rng)
    groups = [[0, 3, 4], [1, 2, 5]] if grouped else [[3, 0, 1, 5]]
    found = dense(net, feeder, posterior.draw(noise), packed(task, groups, net))
    flats = posterior.mean.unsqueeze(1) + posterior.sigma.unsqueeze(1) * noise
    for k in range(trials):
        for g in range(draws):
            sessions = groups[g] if grouped else groups[0]
            expected = slow(net, task, feeder, flats[k, g], sessions)
            assert torch.allclose(found[k * draws + g], expected, atol=2e-5, equal_nan=True)


def test_several_outputs_and_an_observation_noise() -> None:
    for kind, outputs in (("multiclass", 3), ("real", 1), ("binary", 1)):
        task = make_task(kind, sessions=5)
        net = Transformer(architecture(task, SMALL))
        assert net.arch.outputs == outputs
        assert (net.log_noise is not None) == (kind == "real")
        names = [p.name for p in net.layout.parameters]
        assert len(set(names)) == len(names)
        assert ("log_noise" in names) == (kind == "real")


@pytest.mark.parametrize(("layers", "look_back"), [(1, 1), (2, 2), (3, 8), (2, 33), (5, 3)])
def test_layers_share_the_look_back(layers: int, look_back: int) -> None:
    arch = Architecture(inputs=1, outputs=1, layers=layers, look_back=look_back)
    assert sum(w - 1 for w in arch.windows) == look_back - 1
    assert max(arch.windows) - min(arch.windows) <= 1


def test_an_impossible_width_is_refused() -> None:
    for width, heads in ((9, 2), (6, 2)):
        with pytest.raises(ValueError, match="even quotient"):
            Transformer(Architecture(inputs=1, outputs=1, width=width, heads=heads))


def edited(task: Task, row: int, value: float = 5.0) -> Task:
    """Change all features of one row; the scaling is left as it was."""
    lead = task.panel.lead
    buffer = task.panel.buffer.copy()
    buffer[lead + row] = value
    return replace(task, panel=replace(task.panel, buffer=buffer, _on_device={}), scaling="none")


@settings(max_examples=25, deadline=None)
@given(
    look_back=st.integers(1, 12),
    layers=st.integers(1, 3),
    positions=st.sampled_from(list(Positions)),
    row=st.integers(0, sum(LENGTHS) - 1),
)
def test_a_prediction_depends_on_its_own_look_back_exactly(
    look_back: int, layers: int, positions: Positions, row: int
) -> None:
    """Editing a bar changes look_back predictions, from it on, in its own session, and no other."""
    task = replace(ragged(), scaling="none")
    changes = {"look_back": look_back, "layers": layers, "positions": positions}
    before = predict(task, **changes)
    after = predict(edited(task, row), **changes)
    changed = set(torch.nonzero((before != after).any(1)).flatten().tolist())
    session = task.panel.session_of_row[row]
    end = int(task.panel.offsets[session + 1])
    assert changed == set(range(row, min(row + look_back, end)))


@pytest.mark.parametrize("look_back", [2, 6, 40])
def test_packing_does_not_matter(look_back: int) -> None:
    """Alone, among others in one group, among several groups: the same prediction."""
    task = ragged()
    net, feeder, weights = setup(task, look_back=look_back)
    together = predict(task, look_back=look_back)
    for s in range(task.panel.sessions):
        rows = slice(*task.panel.offsets[s : s + 2])
        alone = dense(net, feeder, weights, packed(task, [[s]], net))[0]
        assert torch.allclose(alone[rows], together[rows], atol=1e-5)
    many = posterior_of(net, shape()).at_mean(2)
    grouped = dense(net, feeder, many, packed(task, [[5, 0, 2], [3, 1, 4]], net))
    for g, sessions in enumerate(([5, 0, 2], [3, 1, 4])):
        rows = np.isin(task.panel.session_of_row, sessions)
        assert torch.allclose(grouped[g, rows], together[rows], atol=1e-5)


@pytest.mark.parametrize("positions", Positions)
@pytest.mark.parametrize("look_back", [1, 4, 6, 13, 40])
def test_one_window_per_label_predicts_what_the_dense_pass_does(
    positions: Positions, look_back: int
) -> None:
    task = ragged()
    net, feeder, weights = setup(task, positions=positions, look_back=look_back)
    expected = predict(task, positions=positions, look_back=look_back)
    labelled = np.flatnonzero(np.arange(task.panel.rows) % 3 != 1)
    found = torch.full_like(expected, float("nan"))
    for step in window_steps(task.panel.offsets, labelled, window=look_back, labels=7):
        outputs = net(weights, feeder(step)).detach()[0]
        rows, sequence = step.rows[0], step.sequence[0]
        for window in range(step.sequences):
            mine = np.flatnonzero(sequence == window)
            last = mine[np.argmax(rows[mine])]
            found[rows[last]] = outputs[last]
    assert torch.allclose(found[labelled], expected[labelled], atol=1e-5)


@pytest.mark.parametrize("positions", Positions)
def test_every_random_parameter_is_in_use(positions: Positions) -> None:
    """Published conversions left attention's own weights deterministic, or out of the graph."""
    task = make_task("real", sessions=6)
    chosen = shape(positions=positions)
    net, feeder, _ = setup(task, positions=positions)
    posterior = posterior_of(net, chosen)
    posterior = posterior.at(posterior.theta.requires_grad_(True))
    rng = torch.Generator().manual_seed(2)
    weights = posterior.draw(torch.randn(1, 1, net.layout.size, generator=rng))
    assert net.log_noise is not None
    loss = (
        net(weights, feeder(packed(task, [[0, 1, 2]], net))).square().sum() + weights[net.log_noise]
    )
    (gradient,) = torch.autograd.grad(loss.sum(), posterior.theta)
    for p, piece in zip(net.layout.parameters, net.layout.split(gradient[0]), strict=True):
        assert piece[0].abs().max() > 0, p.name
        assert (piece[1].abs().max() > 0) == (p.part in chosen.bayesian), p.name


def test_missing_and_infinite_values_do_not_spread() -> None:
    task = ragged()
    assert torch.isfinite(predict(task)).all()
    lead = task.panel.lead
    buffer = task.panel.buffer.copy()
    buffer[lead + 3] = np.nan
    assert torch.isfinite(predict(replace(task, panel=replace(task.panel, buffer=buffer)))).all()


def test_what_the_feeder_gathers_is_what_the_task_scales() -> None:
    task = make_task(sessions=6)
    for scaling in ("standard", "robust", "none"):
        chosen = replace(task, scaling=scaling)
        feeder = Feeder(chosen, "cpu", (3,))
        step = pack(task.panel.offsets, [[0, 2], [5]], 3)
        x = feeder(step).x
        for group in range(2):
            rows = step.rows[group]
            expected = chosen.inputs(rows[rows >= 0])
            assert np.allclose(x[group][rows >= 0], expected, atol=1e-5)
        y = torch.arange(2 * task.panel.rows).view(2, -1).float()
        found = feeder.gather(y, step)
        for group in range(2):
            rows = torch.as_tensor(step.rows[group])
            assert torch.equal(found[:, group, rows >= 0], y[:, rows[rows >= 0]])
            assert found[:, group, rows < 0].isnan().all()


def test_dropout_has_each_trials_own_rate_and_stream() -> None:
    x = torch.ones(6, 50, 40)

    def drop(rates: list[float], seeds: list[int]) -> torch.Tensor:
        generators = [torch.Generator().manual_seed(s) for s in seeds]
        return Dropout(rates, generators)(x[: 2 * len(rates)], torch.zeros(1, 50, dtype=torch.long))

    found = drop([0.0, 0.25, 0.6], [1, 2, 3]).unflatten(0, (3, 2))
    assert torch.equal(found[0], torch.ones(2, 50, 40))
    for k, rate in ((1, 0.25), (2, 0.6)):
        dropped = found[k] == 0
        assert dropped.float().mean().item() == pytest.approx(rate, abs=0.03)
        assert torch.allclose(found[k][~dropped], torch.tensor(1 / (1 - rate)))
        assert not torch.equal(dropped[0], dropped[1])
    assert torch.equal(drop([0.6], [3]), found[2])
    assert drop([0.0, 0.0], [1, 2]).equal(x[:4])


def test_hidden_activations_are_what_the_head_reads() -> None:
    task = ragged()
    net, feeder, weights = setup(task)
    batch = feeder(packed(task, [[0, 3]], net))
    hidden = net.hidden(weights, batch)
    assert torch.allclose(net.head(weights, hidden), net(weights, batch))
