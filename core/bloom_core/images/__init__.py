"""Pictures, films and point clouds: what the renderer develops, and the files they are written to."""
