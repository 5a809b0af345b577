"""From findings to causes: the least request that shows one again, and the lines it is owed to.

What a line does is not guessed: parts of a copy of the config are switched off in a gateway of its
own until the request shows nothing any more (`explainer.py`).
"""
