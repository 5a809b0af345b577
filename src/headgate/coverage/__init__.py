"""What of a candidate's own text some request entered, and what none did.

A copy of the candidate, with a mark at each of its branches, is sent a part of the run's requests
once more when the judged gateway has gone. Nothing here judges: `measure.py` runs the copy, the
rest is values in, values out.
"""
