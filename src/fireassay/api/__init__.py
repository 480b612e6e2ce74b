"""The Python API: the verbs of the command line as functions, a trained run, and an estimator.

All of it is exported by `fireassay` itself, and each module is loaded when one of its names is first
asked for: what explains or reads needn't wait for PyTorch.
"""
