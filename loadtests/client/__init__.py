"""The fast client: a Locust user over gevent sockets. `from loadtests.client.user import LeanHttpUser`.

This package imports nothing by itself: `user` and `judging` import Locust, which patches its process.
"""
