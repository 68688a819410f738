"""Formulas in Markdown: found, bounded, drawn as MathML."""
