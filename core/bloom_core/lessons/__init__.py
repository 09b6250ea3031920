"""A neuron explained: small trainings, recorded in full, that a scene shows step by step."""
