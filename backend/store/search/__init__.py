"""What is typed into the search, what it finds, and the words around it."""
