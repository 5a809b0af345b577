"""A candidate's own text, read: what its nginx configs and its Lua say, and where.

`config.read_config` gives the tree of directives with everything that it includes, `chunks` the
Lua in it. All of it is values in, values out: files are given as bytes, nothing is opened here.
"""
