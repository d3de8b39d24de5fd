"""One function per use case; here the siblings below meet."""
