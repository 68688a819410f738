"""Native dialogs that answer links of the page."""
