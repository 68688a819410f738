"""One instance per data folder, and the calls of later launches."""
