"""Engines that answer, behind one Protocol."""
