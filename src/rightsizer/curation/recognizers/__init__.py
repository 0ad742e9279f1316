"""What a sensitive value looks like: patterns with validators, in tables; one file per family."""
