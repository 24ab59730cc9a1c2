"""The way of a finished phase to the branch that people use: pushed, or as a pull request on a forge.

It must not know Airflow: the forge's address and token are given to it.
Begin with `deliver`.
"""
