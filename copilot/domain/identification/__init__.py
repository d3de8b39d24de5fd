"""Identification: which computations on observed columns give the effect, under the accepted graph alone."""
