"""Start, watch, read and remove the gateways of agents and of gatings.

Must not know: verdicts. Begin reading at `gateway.py`.
"""
