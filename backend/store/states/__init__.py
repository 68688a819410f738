"""Each state the store keeps, as an enum and the one function that moves it."""
