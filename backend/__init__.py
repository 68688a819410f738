"""The sidecar: stores, answers and renders; knows nothing of Qt."""
