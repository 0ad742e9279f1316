"""S5: train students. `train.train` is the way in; each method is a function in a file of its own."""
