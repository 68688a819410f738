"""What computers of one person exchange: sealed records, their keys, a folder."""
