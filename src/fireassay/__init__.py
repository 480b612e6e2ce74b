"""Is it the model, the training, the prior, the label, or the data that does not let it learn."""

from __future__ import annotations

__version__ = "0.1.0"
