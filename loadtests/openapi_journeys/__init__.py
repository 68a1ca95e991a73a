"""Journeys for a target that has none of its own, made from its OpenAPI document.

```
document.py     reads the document: operations, references, what is wrong with it
values.py       a valid value for a schema
calls.py        the requests of an operation: its parameters and its body
identifiers.py  where the ids in a path come from
rehearsal.py    tries every request once, before the load, and keeps those that the target answers well
making.py       all of that together, in the process of the run: `make_journeys`
users.py        the Locust users, in the engine's process: `user_class`
```

What goes from one to the other: `loadtests/made_journeys.py`.

Only what was answered well in the rehearsal is load, so every failure under load is the load's. Whatever cannot be
exercised is named with its reason. Reads weigh most. Writes touch only what the run itself has made, and happen only
on a target that we serve ourselves, whose database is thrown away, or where `[load] writes = true` allows it.
"""
