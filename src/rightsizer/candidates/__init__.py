"""S4: which students are worth trying on a task."""
