"""The carrier's network in miniature: handsets, a gateway, the world, and the cables between."""
