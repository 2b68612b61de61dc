"""Setting up and running the project: what stands behind the commands in bin/.

Everything here starts with the standard library alone: it runs before anything is installed.
"""
