"""Training: trials, the objective, cohorts in lockstep, and the run folder."""
