"""The findings of the reference case: every kind of figure, and checks that could not be made.

The numbers are drawn to tell the reference story; nothing was measured for them.
"""

from __future__ import annotations

import math
import random
from typing import Any

from fireassay.findings import (
    Bearing,
    Evidence,
    EvidenceStatus,
    Interval,
    Mark,
    Matrix,
    Null,
    Plot,
    Rule,
    Series,
)

SCANNED = (
    ("volatility_increase", 10, 0.8104, 0.005, 0.0042, 0.0, 30_412, "can be learned", ""),
    ("vwap_reversion_magnitude", 10, 0.1217, 0.005, 0.0113, 0.0, 30_398, "can be learned", ""),
    ("vwap_touch", 5, 0.8467, 0.005, 0.0121, 0.0, 30_399, "mechanical", "Near is likely."),
    ("vwap_reversion", 1, 0.4987, 0.97, -0.0021, 0.312, 20_921, "nothing seen", "A third is ties."),
)


def epoch(i: int) -> dict[str, Any]:
    fade = math.exp(-i / 12)
    return {
        "epoch": i + 1,
        "train_nll": 0.6739 + 0.12 * fade,
        "test_nll": 0.6742 + 0.13 * fade,
        "kl": 12.6 + 41_000 * fade**3,
        "kl_per_label": (12.6 + 41_000 * fade**3) / 8_000,
        "train_accuracy": 0.598 - 0.02 * fade,
        "test_accuracy": 0.594 - 0.02 * fade,
        "train_f1": 0.4435,
        "test_f1": 0.4898,
        "test_auc": 0.497,
    }


def evidence() -> dict[str, Evidence]:
    draw = random.Random(11)
    null = tuple(draw.gauss(0.5, 0.0076) for _ in range(199))
    spread = Null(
        kind="label sessions permuted in blocks of 10",
        draws=199,
        mean=0.4999,
        sd=0.0076,
        q05=0.4874,
        q95=0.5126,
        values=null,
    )
    epochs = tuple(range(1, 61))
    metrics = [epoch(i) for i in range(60)]
    doses = (0.0, 0.01, 0.02, 0.04, 0.08, 0.12)
    items = (
        Evidence(
            id="permuted",
            check="permuted_labels",
            question="Does anything score above chance when there is nothing to find?",
            experiment="The labels of whole sessions were exchanged and the boosted trees fitted "
            "again, 199 times.",
            control="The same folds, purge and scaling as with the real labels.",
            metric="AUC",
            effect=0.4999,
            trivial=0.5,
            interval=Interval(low=0.4988, high=0.5010),
            null=spread,
            p=0.51,
            p_adjusted=0.88,
            mde=0.019,
            matters=0.02,
            sessions=120,
            trials=("1f4e22", "9c01d7", "77ab30"),
            bears_on=(Bearing(cause="contaminated_split", rule=Rule.EFFECT),),
            reading="Permuted labels score at chance: the split doesn't leak.",
            caveat="A feature that copies the label passes this control; the lag scan and the "
            "single-feature audit look for that.",
        ),
        Evidence(
            id="memorise",
            check="memorise",
            question="Can the model memorise 32 rows when nothing holds it back?",
            experiment="Trained on 32 rows without KL term, dropout, decay and smoothing.",
            control="A linear model on the same rows.",
            metric="accuracy",
            effect=1.0,
            trivial=0.594,
            sessions=1,
            trials=("e3b0c4",),
            bears_on=(Bearing(cause="gradient_broken", rule=Rule.NO_EFFECT),),
            reading="All 32 rows are memorised after 140 steps: gradients reach the weights.",
            caveat="It says nothing about generalisation.",
            numbers={"steps": 140, "NLL after 140 steps": 0.0031, "linear, accuracy": 0.875},
            plot=Plot(
                kind="traces",
                title="NLL while memorising",
                x_label="step",
                y_label="NLL",
                y_log=True,
                series=(
                    Series(
                        name="this model",
                        x=tuple(range(0, 150, 10)),
                        y=tuple(0.7 * math.exp(-s / 26) + 0.002 for s in range(0, 150, 10)),
                    ),
                ),
            ),
        ),
        Evidence(
            id="ladder",
            check="planted_signal",
            question="A strong signal is planted: what must be removed before the model learns it?",
            experiment="A relation worth 0.12 AUC was planted into the features, and settings were "
            "removed one at a time and in pairs.",
            control="The same trials with permuted labels (squares, at chance).",
            metric="AUC",
            effect=0.6187,
            trivial=0.5,
            interval=Interval(low=0.6071, high=0.6302),
            null=Null(kind="label sessions permuted", draws=20, mean=0.5003, sd=0.0081),
            p=0.0476,
            p_adjusted=0.0476,
            mde=0.021,
            matters=0.02,
            sessions=120,
            trials=tuple(f"{i:06x}" for i in range(0xA41C09, 0xA41C09 + 14)),
            bears_on=(
                Bearing(
                    cause="kl_dominates",
                    rule=Rule.EFFECT,
                    share=0.83,
                    note="without the KL term the signal is learned",
                ),
                Bearing(cause="over_regularized", rule=Rule.EFFECT, share=0.17),
                Bearing(cause="learning_rate_too_low", rule=Rule.EFFECT, share=0.06),
            ),
            reading="Only removing the KL term, or widening the prior to 1, restores learning; less "
            "regularization restores a sixth of it.",
            caveat="It is a planted linear signal: one of another form could need another size.",
            numbers={
                "dose, AUC": 0.62,
                "restored by KL off": 0.83,
                "restored by decay off": 0.02,
                "pairs tried": 6,
            },
            plot=Plot(
                kind="ladder",
                title="What each removal restores",
                y_label="AUC on held-out sessions",
                series=(
                    Series(
                        name="planted signal",
                        x=(
                            "as set",
                            "learning rate × 10",
                            "weight decay off",
                            "dropout off",
                            "label smoothing off",
                            "all regularization off",
                            "prior sigma 1",
                            "KL off",
                            "KL and regularization off",
                        ),
                        y=(0.5031, 0.5102, 0.5049, 0.5088, 0.5066, 0.5229, 0.5978, 0.6019, 0.6187),
                        low=(0.4921, 0.4989, 0.4937, 0.4979, 0.4953, 0.5113, 0.5861, 0.5903, 0.6071),
                        high=(0.5142, 0.5213, 0.5160, 0.5199, 0.5177, 0.5344, 0.6094, 0.6134, 0.6302),
                        style="points",
                    ),
                    Series(
                        name="permuted labels",
                        x=("as set", "all regularization off", "KL off", "KL and regularization off"),
                        y=(0.4996, 0.5011, 0.4989, 0.5021),
                        style="points",
                    ),
                ),
                marks=(
                    Mark(axis="y", value=0.5, label="no skill"),
                    Mark(axis="y", value=0.62, label="dose"),
                ),
            ),
        ),
        Evidence(
            id="information-budget",
            check="information_budget",
            question="Can the label pay for the information that the posterior has to take up?",
            experiment="NLL and KL were recorded per epoch under the original settings and without "
            "the KL term.",
            control="The most that a label of this entropy could pay.",
            metric="KL at the last epoch, nats",
            effect=12.6,
            sessions=120,
            trials=("5d41aa",),
            bears_on=(
                Bearing(cause="kl_dominates", rule=Rule.ILLUSTRATES),
                Bearing(cause="overfitting", rule=Rule.ILLUSTRATES),
            ),
            reading="The posterior falls back to the prior within 30 epochs: 12.6 nats are left of "
            "41,000, where the label could pay 250 at most.",
            caveat="A collapsed posterior is often the right optimum; the ladder decides, not this.",
            numbers={
                "budget, nats": 250.0,
                "KL at the first epoch, nats": 41_012.6,
                "NLL at the class prior": 0.6737,
            },
            plot=Plot(
                kind="traces",
                title="KL per epoch against the information budget",
                x_label="epoch",
                y_label="nats",
                y_log=True,
                series=(
                    Series(name="KL, as set", x=epochs, y=tuple(m["kl"] for m in metrics)),
                    Series(
                        name="KL without its term in the loss",
                        x=epochs,
                        y=tuple(41_000 + 260.0 * e for e in epochs),
                    ),
                    Series(
                        name="NLL on training labels",
                        x=epochs,
                        y=tuple(8_000 * m["train_nll"] for m in metrics),
                    ),
                    Series(
                        name="NLL on test labels",
                        x=epochs,
                        style="dashed",
                        y=tuple(8_000 * m["test_nll"] for m in metrics),
                    ),
                ),
                marks=(Mark(axis="y", value=250.0, label="budget"),),
            ),
        ),
        Evidence(
            id="reference-learners",
            check="reference_learners",
            question="Does any other learner find signal in the real label?",
            experiment="Boosted trees, a linear model and random convolutions were fitted to the "
            "real labels.",
            control="199 fits to labels whose sessions were permuted.",
            metric="best AUC",
            effect=0.5063,
            trivial=0.5,
            interval=Interval(low=0.4951, high=0.5172),
            null=spread,
            p=0.215,
            p_adjusted=0.43,
            mde=0.019,
            matters=0.02,
            sessions=120,
            trials=("c20ad4", "c51ce4", "aab323"),
            bears_on=(
                Bearing(cause="no_signal", rule=Rule.NO_EFFECT),
                Bearing(cause="wrong_model_class", rule=Rule.EFFECT),
            ),
            reading="The best of three learners scores inside the null of the best of three.",
            caveat="Other features, or a learner of another kind, may find what these can't.",
            numbers={"boosted trees": 0.5063, "linear": 0.5018, "random convolutions": 0.4987},
        ),
        Evidence(
            id="power",
            check="power",
            question="How large would an edge have to be to be found here?",
            experiment="Signals of six sizes and three forms were planted, 20 times each.",
            control="The same test at dose 0.",
            metric="MDE, AUC",
            effect=0.0190,
            sessions=120,
            mde=0.019,
            matters=0.02,
            interval=Interval(low=0.0172, high=0.0214),
            bears_on=(
                Bearing(cause="underpowered", rule=Rule.LACK_OF_POWER),
                Bearing(cause="no_signal", rule=Rule.NO_EFFECT),
            ),
            reading="An edge of 0.019 AUC is found in 80 % of cases; you said that 0.02 matters.",
            caveat="Planted forms are linear, an interaction and a lag; others may need more.",
            plot=Plot(
                kind="power",
                title="Share of planted signals that are found",
                x_label="planted effect, AUC above 0.5",
                y_label="share found",
                series=tuple(
                    Series(
                        name=name,
                        x=doses,
                        y=tuple(1 / (1 + math.exp(-(d - mid) * 240)) * 0.95 + 0.04 for d in doses),
                        low=tuple(
                            max(0.0, 1 / (1 + math.exp(-(d - mid) * 240)) * 0.95 - 0.08)
                            for d in doses
                        )
                        if name == "linear"
                        else (),
                        high=tuple(
                            min(1.0, 1 / (1 + math.exp(-(d - mid) * 240)) * 0.95 + 0.13)
                            for d in doses
                        )
                        if name == "linear"
                        else (),
                    )
                    for name, mid in (("linear", 0.0135), ("interaction", 0.0195), ("lagged", 0.0162))
                ),
                marks=(
                    Mark(axis="x", value=0.019, label="MDE"),
                    Mark(axis="x", value=0.02, label="matters"),
                    Mark(axis="y", value=0.8, label="power"),
                ),
            ),
        ),
        Evidence(
            id="learning-curve",
            check="learning_curve",
            question="Would more sessions help?",
            experiment="Boosted trees were fitted to growing numbers of sessions.",
            control="The null at each size.",
            metric="slope, AUC per doubling",
            effect=0.0008,
            trivial=0.0,
            interval=Interval(low=-0.0041, high=0.0056),
            sessions=120,
            bears_on=(Bearing(cause="undertrained", rule=Rule.ILLUSTRATES),),
            reading="The curve is flat: four times the sessions would give 0.503 [0.489, 0.518].",
            caveat="An extrapolation holds only while the market stays as it was.",
            plot=Plot(
                kind="learning-curve",
                title="Score over sessions, extrapolated",
                x_log=True,
                x_label="sessions",
                y_label="AUC",
                series=(
                    Series(
                        name="measured",
                        x=(15, 30, 60, 90, 120),
                        y=(0.498, 0.503, 0.499, 0.504, 0.506),
                        low=(0.471, 0.483, 0.484, 0.491, 0.495),
                        high=(0.526, 0.523, 0.514, 0.517, 0.517),
                    ),
                    Series(
                        name="extrapolated",
                        style="dashed",
                        x=(120, 240, 480),
                        y=(0.5045, 0.504, 0.503),
                        low=(0.496, 0.491, 0.489),
                        high=(0.513, 0.516, 0.518),
                    ),
                ),
                marks=(Mark(axis="y", value=0.5, label="no skill"),),
            ),
        ),
        Evidence(
            id="scan",
            check="scan",
            question="Which other label could be learned from these features?",
            experiment="A linear and a boosted learner were fitted to 8 targets at 4 horizons, each "
            "with and without a skipped bar.",
            control="One set of 199 session permutations for all of them; adjusted by max-T.",
            metric="best AUC",
            effect=0.8104,
            trivial=0.5,
            interval=Interval(low=0.8012, high=0.8195),
            p=0.005,
            p_adjusted=0.005,
            sessions=120,
            bears_on=(Bearing(cause="no_signal", rule=Rule.ILLUSTRATES),),
            reading="Reversion becomes learnable from 5 steps on; volatility and volume are "
            "learnable at every horizon.",
            caveat="An AUC isn't a profit: costs are not in it.",
            table=tuple(
                {
                    "target": f"{name}:{horizon}",
                    "score": score,
                    "low": score - 0.0082,
                    "high": score + 0.0079,
                    "p adjusted": p,
                    "a bar later": score - lost,
                    "ties share": ties,
                    "labels": labels,
                    "verdict": verdict,
                    "note": note,
                }
                for name, horizon, score, p, lost, ties, labels, verdict, note in SCANNED
            ),
            plot=_scan(),
        ),
        Evidence(
            id="decay",
            check="decay",
            question="How fast does an edge fade when bars are skipped?",
            experiment="Targets were scored with 0 to 8 bars skipped before the outcome.",
            control="The session null at each skip.",
            metric="AUC lost at skip 1",
            effect=0.0021,
            trivial=0.0,
            interval=Interval(low=-0.0080, high=0.0122),
            sessions=120,
            bears_on=(Bearing(cause="bid_ask_bounce", rule=Rule.EFFECT),),
            reading="There is nothing at one step to lose; the 10-step reversion fades over 6 bars.",
            plot=Plot(
                kind="decay",
                title="Score over bars skipped",
                x_label="bars skipped",
                y_label="AUC",
                series=(
                    Series(
                        name="null, 5 % to 95 %",
                        x=tuple(range(9)),
                        y=(),
                        low=(0.4874,) * 9,
                        high=(0.5126,) * 9,
                    ),
                    Series(
                        name="vwap_reversion:1",
                        x=tuple(range(9)),
                        y=(0.506, 0.504, 0.501, 0.497, 0.502, 0.5, 0.499, 0.503, 0.498),
                    ),
                    Series(
                        name="vwap_reversion:10",
                        x=tuple(range(9)),
                        y=(0.561, 0.557, 0.549, 0.541, 0.53, 0.521, 0.514, 0.509, 0.506),
                    ),
                ),
            ),
        ),
        Evidence(
            id="reliability",
            check="calibration",
            question="Do the probabilities mean what they say?",
            experiment="Held-out predictions in 10 bins of equal count.",
            control="The diagonal.",
            metric="ECE",
            effect=0.0113,
            interval=Interval(low=0.0079, high=0.0161),
            sessions=36,
            reading="The predictions stay near the class prior and are calibrated there.",
            caveat="A model without skill that says the prior is calibrated too.",
            plot=Plot(
                kind="reliability",
                title="Reliability on held-out sessions",
                x_label="predicted share",
                y_label="observed share",
                series=(
                    Series(
                        name="observed",
                        style="points",
                        x=(0.361, 0.378, 0.388, 0.395, 0.401, 0.406, 0.412, 0.42, 0.431, 0.452),
                        y=(0.392, 0.398, 0.389, 0.41, 0.402, 0.396, 0.413, 0.399, 0.408, 0.417),
                        low=(0.364, 0.37, 0.361, 0.382, 0.374, 0.368, 0.385, 0.371, 0.38, 0.389),
                        high=(0.42, 0.426, 0.417, 0.438, 0.43, 0.424, 0.441, 0.427, 0.436, 0.445),
                    ),
                    Series(
                        name="predictions",
                        style="bars",
                        x=(0.361, 0.378, 0.388, 0.395, 0.401, 0.406, 0.412, 0.42, 0.431, 0.452),
                        y=(180, 390, 520, 610, 655, 640, 540, 380, 210, 95),
                    ),
                ),
            ),
        ),
        Evidence(
            id="uncertainty",
            check="uncertainty",
            question="Is the uncertainty in the label or in the weights?",
            experiment="Predictive entropy was split over 32 posterior draws.",
            control="The entropy of the class prior.",
            metric="epistemic share",
            effect=0.0294,
            interval=Interval(low=0.0271, high=0.0318),
            sessions=36,
            reading="97 % of the entropy is aleatoric: for this model the label is noise.",
            caveat="Noise for this model and these features, not noise in itself.",
            plot=Plot(
                kind="uncertainty",
                title="Predictive entropy over the time of day",
                x_label="time of day",
                y_label="nats",
                series=(
                    Series(
                        name="aleatoric",
                        x=_slots(),
                        y=tuple(0.652 + 0.004 * math.sin(i / 4) for i in range(26)),
                    ),
                    Series(
                        name="epistemic",
                        x=_slots(),
                        y=tuple(0.02 + 0.03 * math.exp(-i / 4) for i in range(26)),
                    ),
                ),
                marks=(Mark(axis="y", value=0.6737, label="class prior"),),
            ),
        ),
        Evidence(
            id="lag",
            check="lag_scan",
            question="Are features and label shifted against each other?",
            experiment="The label was shifted by -10 to 10 bars and the linear learner fitted again.",
            control="The session null at each lag.",
            metric="AUC at the best lag",
            effect=0.5089,
            trivial=0.5,
            p=0.37,
            p_adjusted=0.74,
            sessions=120,
            bears_on=(Bearing(cause="label_misaligned", rule=Rule.EFFECT),),
            reading="No lag stands out of the null.",
            plot=Plot(
                kind="lag",
                title="Score over the lag between features and label",
                x_label="lag, bars",
                y_label="AUC",
                series=(
                    Series(
                        name="null, 5 % to 95 %",
                        x=tuple(range(-10, 11)),
                        y=(),
                        low=(0.4874,) * 21,
                        high=(0.5126,) * 21,
                    ),
                    Series(
                        name="score",
                        x=tuple(range(-10, 11)),
                        style="points",
                        y=tuple(0.5 + 0.009 * math.sin(i * 1.7) for i in range(21)),
                    ),
                ),
                marks=(Mark(axis="x", value=0.0, label="as set"),),
            ),
        ),
        Evidence(
            id="clustering",
            check="label_audit",
            question="Do labels cluster in time?",
            experiment="Autocorrelation of the label inside sessions, and a runs test.",
            control="Labels permuted inside their sessions.",
            metric="autocorrelation at lag 1",
            effect=0.0181,
            trivial=0.0,
            p=0.11,
            p_adjusted=0.55,
            sessions=120,
            bears_on=(Bearing(cause="degenerate_target", rule=Rule.ILLUSTRATES),),
            reading="Labels follow each other as if at random: 12,000 rows are worth 11,640.",
            numbers={
                "positive rate": 0.402,
                "entropy, nats": 0.6737,
                "effective N": 11_640,
                "runs": 5_702,
                "ties": 0,
            },
            plot=Plot(
                kind="clustering",
                title="Autocorrelation of the label",
                x_label="lag, bars",
                y_label="autocorrelation",
                series=(
                    Series(
                        name="null, 5 % to 95 %",
                        x=tuple(range(1, 21)),
                        y=(),
                        low=(-0.019,) * 20,
                        high=(0.019,) * 20,
                    ),
                    Series(
                        name="label",
                        x=tuple(range(1, 21)),
                        style="bars",
                        y=tuple(0.018 * math.cos(i * 1.3) * math.exp(-i / 14) for i in range(20)),
                    ),
                ),
            ),
        ),
        Evidence(
            id="association",
            check="association",
            question="Is any single feature related to the label?",
            experiment="Rank correlation of each feature with the label.",
            control="The largest of all features under 999 session permutations.",
            metric="largest |rank correlation|",
            effect=0.0312,
            trivial=0.0,
            p=0.248,
            p_adjusted=0.248,
            sessions=120,
            bears_on=(Bearing(cause="leakage", rule=Rule.EFFECT),),
            reading="The largest association is what the largest of 24 is under the null.",
            caveat="Interactions, curves and many weak features don't show here.",
            plot=_association(),
        ),
        Evidence(
            id="drift",
            check="drift",
            question="Does the score change over time?",
            experiment="The AUC of each held-out session, in order.",
            metric="trend, AUC per month",
            effect=-0.0012,
            trivial=0.0,
            interval=Interval(low=-0.0131, high=0.0108),
            sessions=36,
            bears_on=(Bearing(cause="drift", rule=Rule.EFFECT),),
            reading="No trend; sessions scatter as 100 bars each make them.",
            plot=Plot(
                kind="scatter",
                title="AUC of each held-out session",
                x_label="session",
                y_label="AUC",
                series=(
                    Series(
                        name="sessions",
                        style="points",
                        x=tuple(range(85, 121)),
                        y=tuple(draw.gauss(0.5, 0.055) for _ in range(36)),
                    ),
                ),
                marks=(Mark(axis="y", value=0.5, label="no skill"),),
            ),
        ),
        Evidence(
            id="capacity",
            check="capacity_ladder",
            question="Would a larger model learn more?",
            status=EvidenceStatus.NOT_AFFORDED,
            reading="12 trials of 9 s each didn't fit the budget of 3 minutes.",
            bears_on=(Bearing(cause="capacity_too_small", rule=Rule.EFFECT),),
        ),
        Evidence(
            id="quotes",
            check="mid_price",
            question="Does the edge survive on mid prices?",
            status=EvidenceStatus.NOT_APPLICABLE,
            reading="The data has no bid and ask.",
        ),
        Evidence(
            id="interaction",
            check="interaction_probe",
            question="Do pairs of features carry what none carries alone?",
            status=EvidenceStatus.FAILED,
            reading="The check stopped: MemoryError in interaction_probe.",
        ),
    )
    return {item.id: item for item in items}


def _slots() -> tuple[str, ...]:
    return tuple(f"{9 + (30 + 15 * s) // 60:02d}:{(30 + 15 * s) % 60:02d}" for s in range(26))


def _scan() -> Plot:
    rows = (
        "direction",
        "return_magnitude",
        "triple_barrier",
        "vwap_reversion",
        "vwap_reversion_magnitude",
        "vwap_touch",
        "volatility_increase",
        "volume_surge",
    )
    columns = ("1", "1, skip", "5", "5, skip", "10", "10, skip", "30", "30, skip")
    base = {
        "direction": (0.512, 0.503, 0.508, 0.505, 0.509, 0.507, 0.506, 0.504),
        "return_magnitude": (0.508, 0.501, 0.506, 0.502, 0.511, 0.509, 0.503, 0.5),
        "triple_barrier": (None, None, 0.513, 0.509, 0.515, 0.511, 0.512, 0.51),
        "vwap_reversion": (0.506, 0.504, 0.538, 0.533, 0.561, 0.557, 0.549, 0.546),
        "vwap_reversion_magnitude": (0.504, 0.503, 0.531, 0.527, 0.552, 0.549, 0.541, 0.539),
        "vwap_touch": (0.497, 0.499, 0.541, 0.539, 0.566, 0.563, 0.558, 0.556),
        "volatility_increase": (0.688, 0.681, 0.742, 0.738, 0.781, 0.777, 0.8104, 0.806),
        "volume_surge": (0.702, 0.694, 0.721, 0.715, 0.734, 0.729, 0.741, 0.738),
    }
    values = tuple(base[row] for row in rows)
    text = tuple(tuple("*" if v and v > 0.53 else "" for v in line) for line in values)
    return Plot(
        kind="map",
        title="Target by horizon, with and without a skipped bar",
        x_label="horizon, bars",
        matrix=Matrix(rows=rows, columns=columns, values=values, text=text, value_label="AUC"),
        marks=(Mark(axis="value", value=0.5, label="no skill"),),
        note="* adjusted p ≤ 0.05 (step-down max-T over all cells).",
    )


def _association() -> Plot:
    names = (
        "vwap_deviation",
        "vwap_slope_10",
        "bars_since_cross",
        "return_1",
        "return_5",
        "return_30",
        "realised_vol_10",
        "parkinson_10",
        "garman_klass_30",
        "volume_profile",
        "amihud_30",
        "roll_30",
        "signed_volume_10",
        "bulk_volume_10",
        "kyle_lambda_30",
        "autocorrelation_30",
        "variance_ratio_30",
        "rsi_14",
        "macd_12_26_9",
        "bollinger_20",
        "time_of_session",
        "opening_range",
        "gap",
        "close_location",
    )
    draw = random.Random(3)
    y = sorted((abs(draw.gauss(0, 0.0125)) for _ in names), reverse=True)
    y[0] = 0.0312
    return Plot(
        kind="association",
        title="Rank correlation of each feature with the label",
        x_label="feature",
        y_label="|rank correlation|",
        series=(
            Series(
                name="null of the largest, up to 95 %",
                x=names,
                y=(),
                low=(0.0,) * 24,
                high=(0.037,) * 24,
            ),
            Series(name="feature", x=names, y=tuple(y), style="points"),
        ),
    )
