"""Reading tables and graphs, profiling columns, run folders and atomic writes."""
