"""How the store's tables came to be what `tables.metadata` says: one step a version, never changed.

A step is a module in versions/ with `revision`, `down_revision` and `upgrade`; the newest one's
`revision` is `store.VERSION`. There is no way down: a backup is. While instances are updated one by
one, the older code works on the newer tables: so a step adds, and what is no longer used goes a
version later.
"""
