"""The closed list of causes: what each means, how it is established, and what to change.

A cause is established by an intervention that removes it and restores learning, or by an audit that
observes it directly; a symptom never suffices. Adding a cause is the one addition that edits a list.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Where the fault lies: the parts of the question that fireassay answers."""

    DATA = "data"
    LABEL = "label"
    PRIOR = "prior"
    TRAINING = "training"
    MODEL = "model"
    EVALUATION = "evaluation"


@dataclass(frozen=True)
class Cause:
    """One reason why a model doesn't learn, or seems to.

    Attributes
    ----------
    id
        The name in `diagnosis.json`.
    title
        A few words for a table.
    side
        Which part of the question it answers.
    meaning
        What holds when the cause is supported, as a sentence.
    established
        The experiment or observation that supports it, and what excludes it.
    remedy
        What to change; the settings come from the experiment's own result.
    """

    id: str
    title: str
    side: Side
    meaning: str
    established: str
    remedy: str


_ALL = (
    Cause(
        "no_signal",
        "no signal of a size that matters",
        Side.LABEL,
        "None of the learners found a relation between these features and this label, and each of "
        "them would have found one of the size that matters.",
        "All real-label scores lie inside the session null while a planted signal of the effect "
        "that matters is found. It is never said without that size.",
        "Change the label or the features: the scan ranks the targets that can be learned.",
    ),
    Cause(
        "underpowered",
        "too few sessions to tell",
        Side.DATA,
        "Nothing was found, and an effect of the size that matters could have been missed.",
        "All real-label scores lie inside the session null, and the minimal detectable effect is "
        "larger than the effect that matters.",
        "Get more sessions or more symbols (the number is given), or a label with less noise.",
    ),
    Cause(
        "bid_ask_bounce",
        "the edge is bid-ask bounce",
        Side.LABEL,
        "Most of the score comes from prices alternating between bid and ask: it can't be traded, "
        "because it is gone one bar later.",
        "The score falls to a fraction of itself when one bar is skipped before the outcome, and "
        "two features (last return, close location; beside the side from which the outcome is "
        "counted) reach most of it.",
        "Score the target with skip=1, use mid prices, or a horizon over which bounce is small.",
    ),
    Cause(
        "kl_dominates",
        "the prior and the KL term block learning",
        Side.PRIOR,
        "Under this prior and KL weight the posterior can't leave the prior for a signal that the "
        "same model learns without the KL term.",
        "The planted (or real) signal is not learned as set, and is learned when the KL term is "
        "removed. The ratio of KL to NLL proves nothing.",
        "The prior scale and KL weight at which the signal was seen to be learned.",
    ),
    Cause(
        "over_regularized",
        "regularization blocks learning",
        Side.TRAINING,
        "Weight decay, dropout or label smoothing, alone or together, hold the model back from a "
        "signal that it learns without them.",
        "The planted (or real) signal is learned when they are removed and not as set.",
        "The regularization at which the signal was seen to be learned.",
    ),
    Cause(
        "capacity_too_small",
        "the model is too small",
        Side.MODEL,
        "A wider or deeper model of the same kind, trained in the same way, learns what this one "
        "doesn't.",
        "The score rises up the width and depth ladder by more than its null.",
        "The smallest width and depth that were seen to suffice.",
    ),
    Cause(
        "overfitting",
        "the model fits noise of the training sessions",
        Side.MODEL,
        "The model scores far better on its training sessions than on later ones, and a simpler or "
        "more constrained one scores better on the later ones.",
        "Held-out score rises when capacity falls, regularization grows or training stops earlier.",
        "The regularization, size or stopping epoch at which the held-out score was best.",
    ),
    Cause(
        "learning_rate_too_high",
        "learning rate too high",
        Side.TRAINING,
        "The steps are too large: training diverges or hovers, and a lower rate learns.",
        "The signal is learned at a fraction of the learning rate and not as set.",
        "The learning rate that was seen to work.",
    ),
    Cause(
        "learning_rate_too_low",
        "learning rate too low",
        Side.TRAINING,
        "The steps are too small for the epochs given: a higher rate learns in the same time.",
        "The signal is learned at a multiple of the learning rate and not as set.",
        "The learning rate that was seen to work.",
    ),
    Cause(
        "undertrained",
        "training stopped too early",
        Side.TRAINING,
        "The model was still improving when training ended.",
        "More epochs at the same settings raise the held-out score by more than its null.",
        "The number of epochs that was seen to suffice.",
    ),
    Cause(
        "gradient_broken",
        "the gradient doesn't reach the weights, or is wrong",
        Side.TRAINING,
        "The model can't even memorise a few rows: parameters are frozen, dead or saturated, or the "
        "loss points the wrong way.",
        "32 rows can't be memorised with regularization and KL off, and the gradients per layer "
        "show where it stops.",
        "The layer, parameter or loss named by the experiment.",
    ),
    Cause(
        "features_unscaled",
        "features on incomparable scales",
        Side.DATA,
        "One or more features are so large or small that the rest are not seen.",
        "The signal is learned when features are standardised on the training sessions, not as set.",
        "Standardise features on the training sessions.",
    ),
    Cause(
        "degenerate_features",
        "features without information",
        Side.DATA,
        "Features are constant, null or copies of each other for most of the rows.",
        "A direct audit of the panel: share of constant, null and duplicated columns.",
        "Drop or repair the columns named.",
    ),
    Cause(
        "degenerate_target",
        "a label that can't be learned from",
        Side.LABEL,
        "The label has (almost) one value, or is null, or is tied for most of the rows.",
        "A direct audit of the label: classes, nulls, ties.",
        "Choose another band, horizon or target.",
    ),
    Cause(
        "label_misaligned",
        "features and label are shifted against each other",
        Side.LABEL,
        "The association between features and label peaks at a lag other than 0.",
        "The score as a function of the lag between features and label, against its session null.",
        "Shift the label by the lag named.",
    ),
    Cause(
        "leakage",
        "the future leaks into a feature",
        Side.DATA,
        "A feature holds information about the outcome that isn't known at its bar.",
        "Single-feature audit, prefix invariance, and the score with and without purge.",
        "Remove or repair the feature named.",
    ),
    Cause(
        "contaminated_split",
        "training and test sessions are not independent",
        Side.EVALUATION,
        "The test score doesn't measure what later sessions would give: rows, sessions or scaling "
        "are shared across the split, or the evaluation itself scores permuted labels above chance.",
        "Permuted labels beat chance on held-out data, or rows and sessions are duplicated across "
        "the split.",
        "Mend the split: whole sessions, later than training, purged by label end.",
    ),
    Cause(
        "drift",
        "the relation changes over time",
        Side.DATA,
        "What is learned early doesn't hold late: the relation between features and label changed, "
        "not only their distributions.",
        "Fit early and test late, and the reverse, against fits within each period.",
        "Train on recent sessions, or refit as time goes on.",
    ),
    Cause(
        "context_too_short",
        "the look-back is too short",
        Side.MODEL,
        "The label depends on bars further back than the model sees.",
        "A longer look-back raises the held-out score by more than its null.",
        "The look-back that was seen to suffice.",
    ),
    Cause(
        "wrong_model_class",
        "another kind of model learns it",
        Side.MODEL,
        "A reference learner finds signal in the same task that this model can't at any setting "
        "tried.",
        "A reference learner beats the session null and the user's model by more than its null, "
        "and no other cause on the model's side explains the difference.",
        "Use the learner named, or give the model the features that it needs.",
    ),
    Cause(
        "metric_artefact",
        "the metric says what isn't there",
        Side.EVALUATION,
        "The number that worries (or pleases) is what a trivial classifier gets, or depends on a "
        "threshold, an averaging or a prevalence rather than on skill.",
        "The metric is inside the range of no-skill classifiers while a threshold-free score tells "
        "otherwise, or the reverse.",
        "Read the threshold-free score, or set the threshold named.",
    ),
)

CAUSES: dict[str, Cause] = {cause.id: cause for cause in _ALL}
