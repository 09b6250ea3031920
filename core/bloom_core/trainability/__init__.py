"""Where training converges: maps over hyperparameters, after Sohl-Dickstein's "The boundary of neural network trainability is fractal"."""
