"""The scripted model, for every test that runs the real llama.cpp."""

from tests.helpers.scripted_model import scripted_gguf

__all__ = ["scripted_gguf"]
