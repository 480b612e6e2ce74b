"""Statistics over sessions: NumPy and SciPy only, data as plain arrays.

Rows of all sessions lie one after the other, with `offsets [S + 1]`; `clusters [S]` is the index of
each session's date. Sessions of one date are one exchangeable unit in every permutation, bootstrap
and interval here: rows are never treated as independent.

| module | story |
| --- | --- |
| scores | what a score is, on rows |
| additive | scores as functions of sums over sessions, for resampling |
| exchange | which session receives whose labels: the permutations |
| null | what fixed held-out predictions score when there is nothing to find |
| bootstrap | intervals over dates, and the difference between two predictors |
| multiplicity | many hypotheses, the best of many runs |
| best_of | N runs' predictions of the same sessions, tested at once |
| power | how small an effect could have been seen, what more sessions would buy |
| association | each feature against each target |
| sufficient | what a ridge learner scores, refitted for every permutation |
| clustering | how labels depend on their neighbours in time |
| metrics_reading | what printed metrics can and can't mean |
| heuristics | rules of thumb, with what they can't say |
"""
