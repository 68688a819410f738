"""Models and their servers: the list, what is installed, what can be had."""
