"""Students at run time: what answers requests in place of the LLM. Loaded by training and by serving."""
