"""The report as one page that opens from disk: no network, no script from elsewhere."""
