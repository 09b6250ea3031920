"""The demonstration trainings whose runs come along with Bloom, for `bloom demo-train`. They need the extra `train`."""
