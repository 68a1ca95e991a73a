"""A method of the client for each method of HTTP. Imports Locust."""

from typing import Any

from loadtests.client.answer import Answer


class Verbs:
    """What journeys call; the options are those of `LeanHttpClient.request`."""

    __slots__ = ()

    def request(self, method: str, url: str, *arguments: Any, **options: Any) -> Answer:
        """Send a request."""
        raise NotImplementedError

    def get(self, url: str, **options: Any) -> Answer:
        """Send a GET request."""
        return self.request("GET", url, **options)

    def head(self, url: str, **options: Any) -> Answer:
        """Send a HEAD request."""
        return self.request("HEAD", url, **options)

    def options(self, url: str, **options: Any) -> Answer:
        """Send an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def delete(self, url: str, **options: Any) -> Answer:
        """Send a DELETE request."""
        return self.request("DELETE", url, **options)

    def post(self, url: str, data: Any = None, json: Any = None, **options: Any) -> Answer:
        """Send a POST request."""
        return self.request("POST", url, data=data, json=json, **options)

    def put(self, url: str, data: Any = None, **options: Any) -> Answer:
        """Send a PUT request."""
        return self.request("PUT", url, data=data, **options)

    def patch(self, url: str, data: Any = None, **options: Any) -> Answer:
        """Send a PATCH request."""
        return self.request("PATCH", url, data=data, **options)
