"""Models that can be had: found on a hub, downloaded, checked and kept."""
