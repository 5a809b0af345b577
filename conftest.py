"""Wires the gate and the words of the features into pytest."""

pytest_plugins = [
    "headgate.gate.plugin",
    "steps.visitors",
    "steps.visits",
    "steps.outcomes",
    "steps.installation",
    "steps.controls",
    "steps.incident",
]
