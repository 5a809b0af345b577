"""The evidence of one run on one candidate as a file: made, signed, and proved again."""
