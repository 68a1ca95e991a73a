"""Which cache CACHE_TYPE means."""

from reference_app.cache.interface import Cache
from reference_app.cache.null import NullCache
from reference_app.cache.read_through import CacheTimes, ReadThroughCache
from reference_app.cache.redis import RedisStore
from reference_app.cache.simple import SimpleStore
from reference_app.metrics import Metrics
from reference_app.redis_gate import RedisGate
from reference_app.settings import Settings

HURRIED_SHARE = 0.2
"""Of the usual statement timeout, for a fill that something can stand in for."""


def make_cache(settings: Settings, gate: RedisGate, metrics: Metrics) -> Cache:
    """Return the configured cache."""
    match settings.cache_type:
        case "redis":
            return ReadThroughCache(RedisStore(gate, settings.cache_key_prefix), _times(settings), metrics)
        case "simple":
            return ReadThroughCache(SimpleStore(), _times(settings), metrics)
        case "null":
            return NullCache()


def _times(settings: Settings) -> CacheTimes:
    longest_fill_s = (
        settings.database_connect_timeout_s + settings.database_pool_timeout_s + settings.database_statement_timeout_s
    )
    return CacheTimes(
        fresh=settings.cache_default_timeout,
        stale=settings.cache_stale_s,
        wait=settings.database_pool_timeout_s,  # waiting for another's query is like waiting for a connection
        claim=longest_fill_s,
        hurried=settings.database_statement_timeout_s * HURRIED_SHARE,
        retry=settings.retry_after_s,
    )
