"""The scan: which targets could be learned from these features, and what each is worth.

`candidates` says what is tried, `expand` from which features, `engine` scores and tests all of it at
once, `judge` says of each target whether it can be learned, `evidence` and `stability` tell it.
"""

from fireassay.diagnosis.scan.candidates import (
    Candidate,
    LabelMaker,
    candidates,
    label_maker,
    specifications,
)
from fireassay.diagnosis.scan.engine import LEAST_DATES, Part, Scan, scan_targets
from fireassay.diagnosis.scan.evidence import ID, QUESTION, advice, evidence_of, scanned_in_words
from fireassay.diagnosis.scan.groups import carriers
from fireassay.diagnosis.scan.judge import Row, Verdict, best, judge_all

__all__ = [
    "ID",
    "LEAST_DATES",
    "QUESTION",
    "Candidate",
    "LabelMaker",
    "Part",
    "Row",
    "Scan",
    "Verdict",
    "advice",
    "best",
    "candidates",
    "carriers",
    "evidence_of",
    "judge_all",
    "label_maker",
    "scan_targets",
    "scanned_in_words",
    "specifications",
]
