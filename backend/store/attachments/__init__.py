"""The files of questions and drafts, as they are stored."""
