"""Models: the variational primitive, the Transformer that composes it, and reference learners."""
