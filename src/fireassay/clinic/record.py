"""`python -m fireassay.clinic.record FOLDER`: what the tuning half says of each cause, kept.

Counts, over the visits of a gauntlet's folder, how often each cause held among the times that it was
supported, and writes them where the diagnosis reads them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

from fireassay.clinic.patient import PATIENTS, Half
from fireassay.clinic.run import read
from fireassay.clinic.visit import Visit
from fireassay.diagnosis import track_record


def counted(visits: Iterable[Visit]) -> dict[str, dict[str, int]]:
    """Return by cause the times that it was supported and the times that it held.

    What may be debated of a patient counts neither way.
    """
    rows: dict[str, dict[str, int]] = {}
    for visit in visits:
        patient = PATIENTS[visit.patient]
        for cause in visit.primary:
            if cause in patient.debatable and cause not in patient.accepted:
                continue
            row = rows.setdefault(cause, {"held": 0, "supported": 0})
            row["supported"] += 1
            row["held"] += cause in (*patient.causes, *patient.accepted)
    return dict(sorted(rows.items()))


def main() -> None:
    """Write the track record of the folders that are named."""
    visits = [v for folder in sys.argv[1:] for v in read(folder) if v.half is Half.TUNING]
    if not visits:
        sys.exit("no visits of the tuning half there; fireassay gauntlet --half tuning makes them")
    path = Path(track_record.__file__).with_name(track_record.FILE)
    path.write_text(json.dumps(counted(visits), indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{path}: {len(visits)} visits\n")


if __name__ == "__main__":
    main()
