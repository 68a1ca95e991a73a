"""Real Postgres and Redis, from one of three providers behind one interface."""
