"""The sandbox: nodes in an ordinary user's own namespaces, without a daemon.

```
harness ──control socket──→ launcher ──→ keeper (pid 1) ──→ cabler, handsets, world, cages
```

The **launcher** makes the user namespace and all that the session has to itself, and stays outside
to end it. The **keeper** is the session's first process: it starts the nodes and the cages, and its
end is theirs. The modules here import the standard library and each other alone: the launcher runs
on the harness's interpreter, the keeper and the nodes on the one of the lab's image.
"""
