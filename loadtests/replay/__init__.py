"""Journeys of what was recorded: slow or failing cases, as load.

```
recording.py   reads a file, whatever its format; chooses the slowest or the failed
har.py         HAR 1.2, as browsers and Schemathesis write it
events.py      the NDJSON events of Schemathesis
things.py      which requests rest on what an earlier one made
naming.py      a recorded path as a template, so that endpoints are not as many as ids
sending.py     what may be sent to a target: without credentials, as whom, under which name
making.py      all of that together, in the process of the run: `make_replay`
users.py       the Locust users, in the engine's process: `user_class`
```

What goes from one to the other: `loadtests/made_journeys.py`.

A *sequence* is what belongs together and keeps its order inside one user: a case of Schemathesis with all that came of
it, a page of a browser's HAR, else a single request. What a request's path rests on (`/books/7`, made by an earlier
`POST /books`) is made first, and stands for the path that was recorded. A sequence of which one request cannot be sent
is left out whole, and named: what follows may rest on it.

Credentials are not replayed: who had some is logged in anew. Writes happen only on a target that we serve ourselves,
whose database is thrown away, or where `[load] writes = true` allows it.
"""
