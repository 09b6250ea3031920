"""Trajectories: a recorded run as data, its file format, its sketches and their reduction, and the signals read from it."""
