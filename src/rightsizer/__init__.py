"""Rightsizer: replace the LLM by a small model on the steps where that is proved to be safe."""

__version__ = "0.1.0"
