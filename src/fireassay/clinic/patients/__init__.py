"""One function a patient; the files go by where the fault lies."""
