"""How long a full scan of a file takes, by the wall clock and by the processor.

    python benchmarks/scan.py bars.parquet [--horizons 1,2,5,10,15] [--permutations 199]

All targets of the catalogue at every horizon, without and with one bar skipped.
"""

from __future__ import annotations

import argparse
import os
import time

from fireassay.training.environment import share_processors

share_processors()

import fireassay  # noqa: E402  (after threads are told to share)


def main() -> None:
    """Scan and print the time."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data")
    parser.add_argument("--horizons", default="1,2,5,10,15")
    parser.add_argument("--permutations", type=int, default=199)
    chosen = parser.parse_args()
    wall, cpu = time.perf_counter(), time.process_time()
    found = fireassay.scan(
        chosen.data,
        horizons=[int(h) for h in chosen.horizons.split(",")],
        permutations=chosen.permutations,
    )
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    audit = found.data_audit
    print(f"{found.title}: {audit.rows:,} rows, {audit.sessions} sessions")
    print(f"{wall:.0f} s, {cpu:.0f} s of processor time, {os.cpu_count()} processors")
    print(found.evidence["targets"].reading)


if __name__ == "__main__":
    main()
