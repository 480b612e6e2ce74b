"""The scenarios, a family of them per file; discovery finds every class that registers itself.

AUCs of price scenarios were measured with boosted trees on simple causal features of later sessions
(`tests/data/simulate/`); those of column scenarios follow from how labels are drawn.
"""
