"""Diagnoses to render: the reference case with every kind of figure, and one with nothing.

The numbers of `vwap_noise` are drawn to tell the reference story; nothing was measured for them.
"""

from __future__ import annotations

import random

from fireassay.causes import CAUSES
from fireassay.findings import (
    Applied,
    AuditItem,
    BudgetUse,
    CauseVerdict,
    Change,
    DataAudit,
    Diagnosis,
    Heuristic,
    Interval,
    Matrix,
    Outcome,
    Plot,
    Prescription,
    Sentence,
    Series,
    Status,
)

from .example_evidence import epoch, evidence

NOT_EXAMINED = "not examined in this run"


def vwap_noise() -> Diagnosis:
    """Return the reference case: the prior blocked learning, and there was nothing to learn."""
    causes = {id_: CauseVerdict(status=Status.UNDECIDED, why=NOT_EXAMINED) for id_ in CAUSES}
    causes |= _verdicts()
    changes = (
        Change(setting="model.prior_sigma", before=0.1, after=1.0),
        Change(setting="model.kl_weight", before=1.0, after=1e-4),
        Change(setting="training.learning_rate", before=1e-4, after=1e-3),
        Change(setting="training.weight_decay", before=1e-5, after=1e-6),
        Change(setting="training.label_smoothing", before=0.1, after=0.0),
        Change(setting="training.dropout", before=0.1, after=0.05),
    )
    return Diagnosis(
        fireassay_version="0.1.0",
        created="2026-03-14T09:26:53+00:00",
        title="Why doesn't the Bayesian Transformer learn vwap_reversion:1 on sim:vwap-noise?",
        primary=("no_signal", "kl_dominates"),
        assessment=(
            Sentence(
                text="No learner found a relation between these 24 features and this label: every "
                "score lies inside the session null, and each learner would have found an edge of "
                "0.019 AUC with a probability of 0.8.",
                evidence=("reference-learners", "power"),
            ),
            Sentence(
                text="Under the original settings the model could not have learned a signal either: "
                "a planted one was learned only after the KL term was removed or the prior widened.",
                evidence=("ladder", "information-budget"),
            ),
            Sentence(
                text="Both have to be mended, and mending the prior alone won't help: change the "
                "label first.",
                evidence=("scan",),
            ),
        ),
        causes=causes,
        evidence=evidence(),
        prescriptions=(
            Prescription(
                cause="kl_dominates",
                title="Widen the prior and weigh the KL term by what the data can pay",
                changes=changes[:2],
                why="With these values the planted signal was learned at every dose from 0.02 on.",
                evidence=("ladder", "information-budget"),
                outcome=Outcome(
                    metric="AUC on the planted signal",
                    before=0.5031,
                    after=0.6187,
                    gain=0.1156,
                    interval=Interval(low=0.1021, high=0.1290),
                    p=0.005,
                ),
            ),
            Prescription(
                cause="over_regularized",
                title="Take less regularization and a larger learning rate",
                changes=changes[2:],
                why="Removing it restored a part of what the KL term held back.",
                evidence=("ladder",),
            ),
            Prescription(
                cause="no_signal",
                title="Ask for the reversion over 10 steps, or for volatility, instead",
                changes=(
                    Change(
                        setting="task.target", before="vwap_reversion:1", after="vwap_reversion:10"
                    ),
                ),
                why="The scan finds the label learnable from 10 steps on, and bounce doesn't "
                "explain it.",
                evidence=("scan",),
            ),
        ),
        next_steps=(
            Sentence(
                text="Predict the reversion toward VWAP over 10 steps: its edge survives a skipped "
                "bar.",
                evidence=("scan", "decay"),
            ),
            Sentence(
                text="Predict an increase of volatility: it is the strongest label here.",
                evidence=("scan",),
            ),
            Sentence(text="Try a regression on how far the price moved in units of its volatility."),
            Sentence(
                text="If you need the one-step label, collect about 480 sessions: the smallest edge "
                "that this data can show is 0.019 AUC.",
                evidence=("power",),
            ),
        ),
        metrics_reading=(
            Sentence(
                text="Accuracy of 59.8 % on training and 59.4 % on test sessions is the share of the "
                "negative class: saying “no” every time scores the same."
            ),
            Sentence(
                text="Train F1 .4435 under test F1 .4898 says nothing about randomness: at this "
                "prevalence a classifier without skill has an F1 between .33 and .57, by its "
                "threshold.",
                evidence=("reference-learners",),
            ),
            Sentence(
                text="If there is signal, both F1 rise together above .57 and the AUC leaves its "
                "null; if there is none, they drift apart as training goes on."
            ),
        ),
        metrics=tuple(epoch(i) for i in range(60)),
        information_budget=250.0,
        heuristics=_heuristics(),
        data_audit=_audit(),
        study={
            "data": {"source": "sim:vwap-noise", "features": "catalogue", "seed": 7},
            "task": {"target": "vwap_reversion:1", "folds": 3, "embargo": 1, "purge": True},
            "model": {
                "kind": "bayesian",
                "width": 32,
                "layers": 1,
                "heads": 4,
                "prior_sigma": 0.1,
                "kl_weight": 1.0,
                "lookback": 32,
            },
            "training": {
                "learning_rate": 1e-4,
                "weight_decay": 1e-5,
                "dropout": 0.1,
                "label_smoothing": 0.1,
                "epochs": 60,
                "early_stopping": None,
            },
            "diagnosis": {"budget_s": 180, "permutations": 199, "matters": 0.02},
        },
        environment={
            "python": "3.12.4",
            "torch": "2.10.0",
            "numpy": "2.2.1",
            "cores": 2,
            "device": "cpu",
            "system": "Linux-6.1-x86_64",
        },
        budget=BudgetUse(
            limit_s=180.0,
            spent_s=171.4,
            trials=64,
            training_runs=23.5,
            not_afforded=(
                "capacity ladder: 12 trials of 9 s; needs about 2 min more",
                "longer look-back (64, 128): needs about 3 min more",
            ),
            note="The budget bought 199 permutations of the linear learner and 20 of each other one.",
        ),
        applied=Applied(
            changes=changes,
            outcome=Outcome(
                metric="AUC",
                before=0.4969,
                after=0.5012,
                gain=0.0043,
                interval=Interval(low=-0.0061, high=0.0150),
                p=0.21,
                trials=("a41c09", "b7730e"),
                reading="The changed settings didn't help on this label: there is "
                "nothing to learn at one step.",
            ),
            rows=(
                {"metric": "AUC, test", "before": 0.4969, "after": 0.5012},
                {"metric": "NLL, test", "before": 0.6742, "after": 0.6739},
                {"metric": "accuracy, test", "before": 0.594, "after": 0.5936},
                {"metric": "F1, test", "before": 0.4898, "after": 0.4126},
                {"metric": "KL, nats", "before": 12.6, "after": 3417.2},
                {"metric": "AUC on the planted signal", "before": 0.5031, "after": 0.6187},
            ),
        ),
    )


def _verdicts() -> dict[str, CauseVerdict]:
    supported, excluded, undecided = Status.SUPPORTED, Status.EXCLUDED, Status.UNDECIDED

    def say(status: Status, why: str, *evidence: str, **more: float) -> CauseVerdict:
        return CauseVerdict(status=status, why=why, evidence=evidence, **more)

    return {
        "no_signal": say(
            supported,
            "Boosted trees, linear and the tiny Transformer all score inside "
            "the session null, and an edge of 0.019 AUC would have been found.",
            "reference-learners",
            "power",
            confidence=0.94,
        ),
        "underpowered": say(
            excluded,
            "The minimal detectable effect is 0.019, below the 0.02 that matters.",
            "power",
            confidence=0.94,
        ),
        "bid_ask_bounce": say(
            excluded, "There is no score that a skipped bar could take away.", "decay"
        ),
        "kl_dominates": say(
            supported,
            "A planted signal of 0.12 AUC is not learned as set, and is "
            "learned when the KL term is removed.",
            "ladder",
            "information-budget",
            share=0.83,
            confidence=0.91,
        ),
        "over_regularized": say(
            supported,
            "Without weight decay, dropout and smoothing, but with "
            "the KL term, a sixth of the planted signal is learned.",
            "ladder",
            share=0.17,
            confidence=0.78,
        ),
        "learning_rate_too_low": say(
            undecided,
            "Ten times the learning rate learns more, but less than its interval.",
            "ladder",
        ),
        "learning_rate_too_high": say(
            excluded, "A tenth of the learning rate learns less.", "ladder"
        ),
        "gradient_broken": say(
            excluded, "32 rows are memorised in 140 steps.", "memorise", confidence=0.99
        ),
        "contaminated_split": say(
            excluded, "Permuted labels score as the null says.", "permuted", confidence=0.97
        ),
        "label_misaligned": say(excluded, "The score has no peak at any lag from -10 to 10.", "lag"),
        "leakage": say(excluded, "No single feature exceeds the largest of the null.", "association"),
        "degenerate_target": say(excluded, "40.2 % positive, no ties, no nulls.", "clustering"),
        "metric_artefact": say(
            supported,
            "The F1 lies inside the range of classifiers without skill.",
            "reference-learners",
            confidence=0.88,
        ),
        "overfitting": say(
            excluded, "Train and test NLL fall together to the class prior.", "information-budget"
        ),
        "undertrained": say(
            excluded, "More sessions or epochs don't raise the score.", "learning-curve"
        ),
        "capacity_too_small": say(undecided, "Not afforded within the budget.", "capacity"),
    }


def _heuristics() -> tuple[Heuristic, ...]:
    return (
        Heuristic(
            rule="label entropy > 0.69 nats means random labels",
            value=0.6737,
            trivial="0.6931 (balanced)",
            says="The classes are nearly balanced: 40.2 % positive.",
            cannot_say="Whether the label can be predicted: the XOR of two features has the "
            "largest entropy and is learned without error.",
        ),
        Heuristic(
            rule="all |corr| < 0.1 means no predictive features",
            value=0.0312,
            trivial="0.037 (largest under the session null)",
            says="No single feature is related to the label in a straight line.",
            cannot_say="Whether features matter together, or in a curve.",
        ),
        Heuristic(
            rule="test F1 > train F1 means the model is random",
            value=0.0463,
            trivial="±0.07",
            says="The difference is inside what sessions of this size give by chance.",
            cannot_say="Anything about skill: F1 depends on threshold, prevalence and averaging.",
        ),
        Heuristic(
            rule="KL much larger than NLL means KL blocks learning",
            value=8.1,
            trivial="none",
            says="KL per label is 8.1 times the NLL at the first epoch.",
            cannot_say="Whether the KL blocks learning: only removing it can.",
        ),
    )


def _audit() -> DataAudit:
    sessions = tuple(f"2025-{1 + d // 21:02d}-{1 + d % 21:02d}" for d in range(120))
    slots = tuple(f"{9 + (30 + 15 * s) // 60:02d}:{(30 + 15 * s) % 60:02d}" for s in range(26))
    draw = random.Random(5)
    values = tuple(
        tuple(
            None
            if (i % 40 == 39 and j > 14)
            else max(0.0, draw.gauss(0.04 + 0.1 * (8 < j < 16), 0.05))
            for j in range(26)
        )
        for i in range(120)
    )
    return DataAudit(
        source="sim:vwap-noise",
        rows=12_000,
        sessions=120,
        symbols=("SIM",),
        first="2025-01-01 09:31",
        last="2025-06-15 16:00",
        readings={
            "layout": "canonical",
            "time zone": "America/New_York",
            "stamp": "bar end",
            "sessions by": "gap of 60 min",
            "price used for VWAP": "traded VWAP",
        },
        items=(
            AuditItem(
                id="stale",
                what="stale bars (no trade, price carried forward)",
                count=743,
                share=0.0619,
                first_row=118,
                example="2025-01-02 12:08, 101.25",
                action="flagged",
                advice="Leave them out of the label with drop_stale = true.",
            ),
            AuditItem(
                id="gaps",
                what="gaps inside sessions",
                count=6,
                share=0.0005,
                first_row=2_410,
                example="2025-02-03 11:14 to 11:19",
                action="kept",
                advice="Outcomes across a gap are null.",
            ),
            AuditItem(
                id="early",
                what="early closes",
                count=3,
                first_row=3_958,
                example="2025-02-19 13:00",
                action="kept",
            ),
        ),
        calendar=Plot(
            kind="calendar",
            title="Share of stale bars by session and time of day",
            x_label="time of day",
            y_label="session",
            matrix=Matrix(rows=sessions, columns=slots, values=values, value_label="share stale"),
            series=(
                Series(
                    name="gap",
                    x=tuple(sessions[i] for i in (24, 31, 66, 67, 90, 101)),
                    y=(7, 7, 20, 3, 11, 2),
                    style="points",
                ),
                Series(
                    name="early close",
                    x=tuple(sessions[i] for i in (39, 79, 119)),
                    y=(14, 14, 14),
                    style="points",
                ),
            ),
            note="A column is a session; empty is outside trading hours.",
        ),
    )


def minimal() -> Diagnosis:
    """Return a diagnosis that could measure nothing."""
    return Diagnosis(
        fireassay_version="0.1.0",
        created="2026-03-14T09:26:53+00:00",
        title="Diagnosis",
        primary=(),
        assessment=(),
        causes={i: CauseVerdict(status=Status.UNDECIDED, why=NOT_EXAMINED) for i in CAUSES},
        evidence={},
        data_audit=DataAudit(source="bars.parquet", rows=0, sessions=0),
        study={},
        environment={},
    )
