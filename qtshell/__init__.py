"""The shell: windows, tray and the life of the sidecar."""
