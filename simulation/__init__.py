"""What-if simulation of the pathway: how long patients wait, and what limits them, if more come or staffing changes.

The time lapse runs the diagrams, decisions and forms in an engine of its own with a simulated clock; the fast answer is
a queueing network. Neither touches the running platform. docs/explanation/what-if.md describes both.
"""
