"""Mean-field VI of our layers on tables of independent rows, beside its peers.

    python benchmarks/tables.py [--splits 20] [--steps 3000] [--only NAME]

Data sets that come with scikit-learn or are made by it: `diabetes` (442 rows, 10 features), and
Friedman's three functions with Gaussian noise of a known SD (400 rows), where the best log-likelihood
that any method can reach is known. One Markdown table: test log-likelihood and RMSE, mean ± standard
error over random 90/10 splits, in units of y.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable

import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2, make_friedman3

from fireassay import fit_regression
from fireassay.arrays import Float

ROWS = 400
NOISE = {"friedman1": 1.0, "friedman2": 125.0, "friedman3": 0.1}
"""SD of the noise; those of the second and third leave about 10 % of the variance (Friedman 1991)."""

SETS: dict[str, Callable[[], tuple[Float, Float]]] = {
    "diabetes": lambda: load_diabetes(return_X_y=True),
    "friedman1": lambda: make_friedman1(ROWS, noise=NOISE["friedman1"], random_state=0),
    "friedman2": lambda: make_friedman2(ROWS, noise=NOISE["friedman2"], random_state=0),
    "friedman3": lambda: make_friedman3(ROWS, noise=NOISE["friedman3"], random_state=0),
}


def main() -> None:
    """Fit and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--only", choices=list(SETS), action="append")
    chosen = parser.parse_args()
    print(f"{os.cpu_count()} cores; {chosen.splits} splits, {chosen.steps} steps\n")
    print("| table | method | test log-likelihood | RMSE | s |")
    print("| --- | --- | --- | --- | --- |")
    for name in chosen.only or SETS:
        x, y = SETS[name]()
        for method in ("mean_field", "mc_dropout", "deterministic", "bayesian_linear"):
            began = time.perf_counter()
            found = fit_regression(x, y, splits=chosen.splits, steps=chosen.steps, methods=(method,))
            spent = time.perf_counter() - began
            (row,) = found.frame().iter_rows(named=True)
            print(
                f"| {name} | {method} | {row['log_likelihood']:.3f} ± {row['log_likelihood_se']:.3f} "
                f"| {row['rmse']:.4g} ± {row['rmse_se']:.2g} | {spent:.0f} |",
                flush=True,
            )
        if name in NOISE:
            best = -0.5 * math.log(2 * np.pi * np.e) - math.log(NOISE[name])
            print(f"| {name} | the truth | {best:.3f} | {NOISE[name]:g} | |")


if __name__ == "__main__":
    main()
