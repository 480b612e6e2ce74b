"""study.toml for people: written from a data file that was looked at, and its JSON Schema."""
