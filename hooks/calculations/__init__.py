"""Bedside arithmetic, one subject a module: units in the names, each formula with its source.

Pure functions take and give Decimals. The functions beside them read the numbers from a chart and
give None when one is missing, too old, a range or in doubt: then nothing is computed from it.
"""
