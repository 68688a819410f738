"""What text may be stored: everything Unicode calls text, and nothing else."""


def clean_text(text: str) -> str:
    """Return the text with U+FFFD for what no database keeps: NUL, half surrogates.

    Pasted text and engines contain both; refusing the message would lose it.
    """
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    try:
        text.encode()
    except UnicodeEncodeError:
        # By way of UTF-16, in which two halves that belong together become whole.
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text
