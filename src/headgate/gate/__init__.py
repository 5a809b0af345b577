"""The gate: features run on a candidate, and the verdict that follows from what they found."""
