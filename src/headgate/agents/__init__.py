"""The programs that run inside the lab's own nodes.

They are sent to the nodes over standard input when these start, so that the image of a node holds
Debian's packages alone and the agents are always of the harness's own version. They import the
standard library, what the image installs, and each other; nothing else of Headgate.
"""
