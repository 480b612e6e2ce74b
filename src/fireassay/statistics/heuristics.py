"""Four rules of thumb in common use: their number here, and what they can't say.

People know these rules, so the report shows them, each beside what it is without any signal and a
case in which it misleads.
"""

from __future__ import annotations

import math

import numpy as np

from fireassay.arrays import Float
from fireassay.findings import Heuristic
from fireassay.statistics.clustering import entropy
from fireassay.statistics.no_skill import Metric, Trivial, no_skill_range


def entropy_rule(y: Float) -> Heuristic:
    """Label entropy > 0.69 nats means random labels.

    Parameters
    ----------
    y
        `[R]` class labels, NaN where missing.
    """
    value = entropy(y)
    _, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    largest = counts.max() / counts.sum() if len(counts) else math.nan
    most = math.log(max(len(counts), 1))
    return Heuristic(
        rule="label entropy > 0.69 nats means random labels",
        value=value,
        trivial=f"{most:.4f} (all {len(counts)} classes equally frequent)",
        says=f"The largest class holds {100 * largest:.1f} % of the labels: that is all it measures.",
        cannot_say=(
            "Whether features tell anything about the label. The XOR of two features has entropy "
            "0.693 and is learned to AUC 1.00; 2 % positives at random have 0.098 and can't be "
            "learned."
        ),
    )


def correlation_rule(correlations: Float, rows: int, null_largest: float | None = None) -> Heuristic:
    """All abs(corr) < 0.1 means no predictive features.

    Parameters
    ----------
    correlations
        `[F]` of each feature with the label; NaN where not defined.
    rows
        Labelled rows.
    null_largest
        95 % quantile of the largest abs(corr) of all features under the session null; None: that for
        independent rows and features, which overlapping labels exceed by far.
    """
    known = np.abs(correlations[~np.isnan(correlations)])
    largest = float(known.max()) if len(known) else math.nan
    if null_largest is None:
        reference = _largest_of_noise(max(len(known), 1), rows)
        trivial = f"{reference:.3f} (95 % of noise on as many independent rows stays below)"
    else:
        reference = null_largest
        trivial = f"{reference:.3f} (95 % of permuted label sessions stay below)"
    beyond = "more than" if largest > reference else "no more than"
    return Heuristic(
        rule="all |corr| < 0.1 means no predictive features",
        value=largest,
        trivial=trivial,
        says=f"The largest of {len(known)} is {beyond} noise reaches: 0.1 is no threshold here.",
        cannot_say=(
            "Whether features matter together, in a curve, or as many weak ones. 70 weak features "
            "with abs(corr) up to .086 reach AUC .75, the event abs(x) > .67 with .036 AUC .999; and "
            "noise of 400 rows and 70 features passes .1 in 97 % of draws."
        ),
    )


def _largest_of_noise(features: int, rows: int) -> float:
    """Return the 95 % quantile of the largest abs(corr) of independent noise features."""
    from scipy.special import ndtri

    each = 0.95 ** (1 / features)
    return float(ndtri((1 + each) / 2) / math.sqrt(max(rows, 1)))


def f1_rule(train_f1: float, test_f1: float, *, prevalence: float, effective: float) -> Heuristic:
    """Test F1 > train F1 means that the model is random.

    Parameters
    ----------
    prevalence
        Share of class 1.
    effective
        Effective number of test labels.
    """
    found = no_skill_range(Metric.F1_BINARY, Trivial.MATCHED, prevalence, effective)
    difference = test_f1 - train_f1
    inside = found.holds(train_f1) and found.holds(test_f1)
    return Heuristic(
        rule="test F1 > train F1 means the model is random",
        value=difference,
        trivial=(
            f"[{found.low:.3f}, {found.high:.3f}] (95 % range of one F1 of random decisions at the "
            "prevalence)"
        ),
        says=(
            "Both F1 lie in the range of decisions without skill."
            if inside
            else f"F1 {'rises' if difference > 0 else 'falls'} from train to test; threshold or "
            "prevalence may have moved it."
        ),
        cannot_say=(
            "Whether the model has skill: F1 depends on prevalence, threshold and averaging. Compare "
            "the held-out AUC with the session null."
        ),
    )


def kl_rule(kl_per_label: float, nll: float) -> Heuristic:
    """KL much larger than NLL means that KL blocks learning.

    Parameters
    ----------
    kl_per_label
        Weighted KL per label as it stands in the loss, in nats.
    nll
        Mean negative log likelihood per label, in nats.
    """
    ratio = kl_per_label / nll if nll > 0 else math.nan
    return Heuristic(
        rule="KL much larger than NLL means KL blocks learning",
        value=ratio,
        trivial="none: the ratio has no value without signal",
        says=f"The KL term is {ratio:.3g} times the NLL in the loss.",
        cannot_say=(
            "Whether the KL blocks learning: with a weight of 1/batch it was 70 times the NLL and "
            "the AUC unharmed, with ×1 the AUC fell to .49. Only removing it tells."
        ),
    )
