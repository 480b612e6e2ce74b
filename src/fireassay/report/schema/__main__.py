"""Write the published JSON Schemas."""

from fireassay.report.schema import FILE, TRAINING, schema_text, training_schema

if __name__ == "__main__":
    FILE.write_text(schema_text(), encoding="utf-8")
    TRAINING.write_text(schema_text(training_schema()), encoding="utf-8")
