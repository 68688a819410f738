"""The life of the store: opened, used, mended, closed, and what runs beside it."""
