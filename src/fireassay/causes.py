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
    misleads
        What is taken for it, or for its absence, and proves neither.
    references
        Papers and books on it.
    """

    id: str
    title: str
    side: Side
    meaning: str
    established: str
    remedy: str
    misleads: str
    references: tuple[str, ...]


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
        "A score near chance by itself: too few sessions, a narrow prior or a broken pipeline "
        "score the same. Label entropy near ln 2 and small correlations say nothing either.",
        (
            "Altman and Bland (1995), Absence of evidence is not evidence of absence, BMJ 311:485",
            "Westfall and Young (1993), Resampling-Based Multiple Testing",
        ),
    ),
    Cause(
        "underpowered",
        "too few sessions to tell",
        Side.DATA,
        "Nothing was found, and an effect of the size that matters could have been missed.",
        "All real-label scores lie inside the session null, and the minimal detectable effect is "
        "larger than the effect that matters.",
        "Get more sessions or more symbols (the number is given), or a label with less noise.",
        "Rows are not sessions: overlapping outcomes and persistent features repeat each other, so "
        "a million rows may be worth a few dozen observations.",
        (
            "Button et al. (2013), Power failure, Nature Reviews Neuroscience 14:365",
            "López de Prado (2018), Advances in Financial Machine Learning, chapter 4",
        ),
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
        "An AUC of .55 to .6 on next-bar direction looks like skill. So does reversion to a "
        "reference price, which the side of the price alone can bring.",
        (
            (
                "Roll (1984), A simple implicit measure of the effective bid-ask spread, Journal of "
                "Finance 39:1127"
            ),
            "Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 3.2",
        ),
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
        "A KL many times the NLL: at one KL weight it did no harm, at another it destroyed "
        "learning. A posterior at the prior: where the labels can't pay for more nats it is the "
        "right optimum. A bare KL weight: it means nothing without the number of labels that it is "
        "divided by.",
        (
            "Blundell et al. (2015), Weight uncertainty in neural networks, arXiv:1505.05424",
            "Bowman et al. (2016), Generating sentences from a continuous space, arXiv:1511.06349",
            (
                "Wenzel et al. (2020), How good is the Bayes posterior in deep neural networks "
                "really?, arXiv:2002.02405"
            ),
        ),
    ),
    Cause(
        "over_regularized",
        "regularization blocks learning",
        Side.TRAINING,
        "Weight decay, dropout or label smoothing, alone or together, hold the model back from a "
        "signal that it learns without them.",
        "The planted (or real) signal is learned when they are removed and not as set.",
        "The regularization at which the signal was seen to be learned.",
        "Train and test loss that are equal and high: without a signal they are equal too. "
        "Removing regularization from noise lowers the training loss only.",
        (
            "Srivastava et al. (2014), Dropout, JMLR 15:1929",
            (
                "Szegedy et al. (2016), Rethinking the Inception architecture for computer vision, "
                "arXiv:1512.00567"
            ),
            "Loshchilov and Hutter (2019), Decoupled weight decay regularization, arXiv:1711.05101",
        ),
    ),
    Cause(
        "capacity_too_small",
        "the model is too small",
        Side.MODEL,
        "A wider or deeper model of the same kind, trained in the same way, learns what this one "
        "doesn't.",
        "The score rises up the width and depth ladder by more than its null.",
        "The smallest width and depth that were seen to suffice.",
        "A tiny model at the class prior: so is a large one where there is nothing to learn. A "
        "larger model fits its training sessions better in any case.",
        ("Goodfellow, Bengio and Courville (2016), Deep Learning, section 5.2",),
    ),
    Cause(
        "overfitting",
        "the model fits noise of the training sessions",
        Side.MODEL,
        "The model scores far better on its training sessions than on later ones, and a simpler or "
        "more constrained one scores better on the later ones.",
        "Held-out score rises when capacity falls, regularization grows or training stops earlier.",
        "The regularization, size or stopping epoch at which the held-out score was best.",
        "A gap between training and test scores: any flexible learner has one, and the best "
        "learner may have the largest. What counts is whether less freedom scores better on later "
        "sessions.",
        (
            (
                "Zhang et al. (2017), Understanding deep learning requires rethinking "
                "generalization, arXiv:1611.03530"
            ),
        ),
    ),
    Cause(
        "learning_rate_too_high",
        "learning rate too high",
        Side.TRAINING,
        "The steps are too large: training diverges or hovers, and a lower rate learns.",
        "The signal is learned at a fraction of the learning rate and not as set.",
        "The learning rate that was seen to work.",
        "A ragged loss curve: small batches and weight draws make one at a sound rate as well.",
        (
            "Smith (2017), Cyclical learning rates for training neural networks, arXiv:1506.01186",
            (
                "Cohen et al. (2021), Gradient descent on neural networks typically occurs at the "
                "edge of stability, arXiv:2103.00065"
            ),
        ),
    ),
    Cause(
        "learning_rate_too_low",
        "learning rate too low",
        Side.TRAINING,
        "The steps are too small for the epochs given: a higher rate learns in the same time.",
        "The signal is learned at a multiple of the learning rate and not as set.",
        "The learning rate that was seen to work.",
        "A flat loss curve: it is flat where there is nothing to learn, at every rate. Too few "
        "epochs look the same; the two are told apart by trying both.",
        ("Smith (2017), Cyclical learning rates for training neural networks, arXiv:1506.01186",),
    ),
    Cause(
        "undertrained",
        "training stopped too early",
        Side.TRAINING,
        "The model was still improving when training ended.",
        "More epochs at the same settings raise the held-out score by more than its null.",
        "The number of epochs that was seen to suffice.",
        "A training loss that still falls: it falls on noise too. The held-out score must rise "
        "with it.",
        (
            "Prechelt (1998), Early stopping - but when?, Neural Networks: Tricks of the Trade",
            "Hoffer, Hubara and Soudry (2017), Train longer, generalize better, arXiv:1705.08741",
        ),
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
        "Small gradient norms: at an optimum, or where the KL holds the weights, they are small as "
        "they should be.",
        (
            (
                "Glorot and Bengio (2010), Understanding the difficulty of training deep feedforward "
                "neural networks, AISTATS"
            ),
            "Karpathy (2019), A recipe for training neural networks",
        ),
    ),
    Cause(
        "features_unscaled",
        "features on incomparable scales",
        Side.DATA,
        "One or more features are so large or small that the rest are not seen.",
        "The signal is learned when features are standardised on the training sessions, not as set.",
        "Standardise features on the training sessions.",
        "Features of very different size: trees, and networks that scale their input, don't mind.",
        (
            (
                "LeCun, Bottou, Orr and Müller (1998), Efficient BackProp, Neural Networks: Tricks "
                "of the Trade"
            ),
        ),
    ),
    Cause(
        "degenerate_features",
        "features without information",
        Side.DATA,
        "Features are constant, null or copies of each other for most of the rows.",
        "A direct audit of the panel: share of constant, null and duplicated columns.",
        "Drop or repair the columns named.",
        "A feature with many nulls may be the one that tells something where it is known; copies "
        "cost capacity, not truth.",
        (
            (
                "Guyon and Elisseeff (2003), An introduction to variable and feature selection, JMLR "
                "3:1157"
            ),
        ),
    ),
    Cause(
        "degenerate_target",
        "a label that can't be learned from",
        Side.LABEL,
        "The label has (almost) one value, or is null, or is tied for most of the rows.",
        "A direct audit of the label: classes, nulls, ties.",
        "Choose another band, horizon or target.",
        "Entropy and balance: 2 % of positives can be perfectly predictable, and a balanced label "
        "can be noise.",
        (
            (
                "He and Garcia (2009), Learning from imbalanced data, IEEE Transactions on Knowledge "
                "and Data Engineering 21:1263"
            ),
        ),
    ),
    Cause(
        "label_misaligned",
        "features and label are shifted against each other",
        Side.LABEL,
        "The association between features and label peaks at a lag other than 0.",
        "The score as a function of the lag between features and label, against its session null.",
        "Shift the label by the lag named.",
        "A score that is higher at a later lag: features of later bars hold the outcome, so for a "
        "sound label it is.",
        ("Campbell, Lo and MacKinlay (1997), The Econometrics of Financial Markets, section 3.1",),
    ),
    Cause(
        "leakage",
        "the future leaks into a feature",
        Side.DATA,
        "A feature holds information about the outcome that isn't known at its bar.",
        "Single-feature audit, prefix invariance, and the score with and without purge.",
        "Remove or repair the feature named.",
        "Permuted labels at chance don't exclude it: a feature that copies the label loses its "
        "label along with the others. Volatility and volume can be forecast strongly without any "
        "leak.",
        (
            (
                "Kaufman, Rosset, Perlich and Stitelman (2012), Leakage in data mining, ACM "
                "Transactions on Knowledge Discovery from Data 6:15"
            ),
            (
                "Kapoor and Narayanan (2023), Leakage and the reproducibility crisis in "
                "machine-learning-based science, Patterns 4:100804"
            ),
        ),
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
        "Row-wise permutation tests: on persistent features and overlapping labels they call 99 % "
        "of pure noise signal, so their p says nothing about the split.",
        (
            "López de Prado (2018), Advances in Financial Machine Learning, chapter 7",
            (
                "Roberts et al. (2017), Cross-validation strategies for data with temporal, spatial, "
                "hierarchical, or phylogenetic structure, Ecography 40:913"
            ),
        ),
    ),
    Cause(
        "drift",
        "the relation changes over time",
        Side.DATA,
        "What is learned early doesn't hold late: the relation between features and label changed, "
        "not only their distributions.",
        "Fit early and test late, and the reverse, against fits within each period.",
        "Train on recent sessions, or refit as time goes on.",
        "Features whose distributions drift: in markets almost all do, and a relation can hold all "
        "the same. A worse score in one part may be chance, or a noisier market.",
        (
            "Gama et al. (2014), A survey on concept drift adaptation, ACM Computing Surveys 46:44",
            (
                "Andrews (1993), Tests for parameter instability and structural change with unknown "
                "change point, Econometrica 61:821"
            ),
        ),
    ),
    Cause(
        "context_too_short",
        "the look-back is too short",
        Side.MODEL,
        "The label depends on bars further back than the model sees.",
        "A longer look-back raises the held-out score by more than its null.",
        "The look-back that was seen to suffice.",
        "A longer look-back that scores better by chance, or because it tells the time of day.",
        (
            (
                "Khandelwal et al. (2018), Sharp nearby, fuzzy far away: how neural language models "
                "use context, arXiv:1805.04623"
            ),
        ),
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
        "A reference learner that is ahead by less than the dates scatter; and one that is ahead "
        "only because the network's settings hold it back.",
        (
            (
                "Grinsztajn, Oyallon and Varoquaux (2022), Why do tree-based models still outperform "
                "deep learning on tabular data?, arXiv:2207.08815"
            ),
            (
                "Gu, Kelly and Xiu (2020), Empirical asset pricing via machine learning, Review of "
                "Financial Studies 33:2223"
            ),
        ),
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
        "Test F1 above train F1 doesn't mean that a model is random: F1 moves with prevalence, "
        "averaging and threshold, and a coin has one too.",
        (
            (
                "Lipton, Elkan and Naryanaswamy (2014), Optimal thresholding of classifiers to "
                "maximize F1 measure, ECML PKDD"
            ),
            "Opitz and Burst (2019), Macro F1 and macro F1, arXiv:1911.03347",
        ),
    ),
)

CAUSES: dict[str, Cause] = {cause.id: cause for cause in _ALL}
