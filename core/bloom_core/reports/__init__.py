"""What `bloom inspect` says and draws of a run."""
