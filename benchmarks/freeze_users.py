"""Plain Locust at a constant rate, for `load_freeze`: `python -m benchmarks.freeze_users BASE_URL USERS RATE SECONDS`.

Prints what Locust says: its own percentiles, in its own buckets.
"""

import json
import sys

import gevent
from locust import FastHttpUser, constant_throughput, events, task
from locust.env import Environment

SHARES = {"p50_ms": 0.50, "p90_ms": 0.90, "p99_ms": 0.99, "p999_ms": 0.999, "max_ms": 1.0}


def main() -> None:
    """Run for a while and print the percentiles."""
    base_url, users, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])

    class Reader(FastHttpUser):
        host = base_url
        wait_time = constant_throughput(rate / users)
        network_timeout = 60.0

        @task
        def read(self) -> None:
            self.client.get("/")

    environment = Environment(user_classes=[Reader], events=events)
    runner = environment.create_local_runner()
    # Spread over the time between two requests of one user, or all of them would come at once for ever.
    runner.start(users, spawn_rate=rate)
    gevent.sleep(seconds)
    total = environment.stats.total
    figures = {metric: total.get_response_time_percentile(share) for metric, share in SHARES.items()}
    figures["max_ms"] = total.max_response_time
    print(json.dumps(figures), flush=True)
    runner.quit()


if __name__ == "__main__":
    main()
