"""What a learner may see: of a request before the answer exists (`view`), and of an answer (`answer`)."""
