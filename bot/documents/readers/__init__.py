"""What runs inside the worker process: one reader per family of formats.

Nothing here imports the rest of the program, so that a fresh isolated interpreter can load this
folder by its path. Every reader has one function,
`read(data: bytes, kind: Kind, limits: Limits) -> Reading`.
"""
