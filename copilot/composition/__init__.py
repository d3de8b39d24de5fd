"""Settings become live objects here, and nowhere else."""
