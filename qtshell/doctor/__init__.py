"""`hearth doctor`: checks what Hearth needs, and says how to mend what is amiss."""
