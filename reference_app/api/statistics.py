"""How many pipelines there are."""

from flask import Response

from reference_app.api.blueprint import ApiBlueprint, requires
from reference_app.api.cached import cached_answer, cached_response, statistics_key
from reference_app.api.shapes.statistics import StatisticsQuery, StatisticsResult
from reference_app.api.visit import present_visit
from reference_app.cache.interface import Made
from reference_app.services.authorization import Action
from reference_app.work import Look

statistics_routes = ApiBlueprint("statistics", tag="Statistics", protected=True, prefix="/api/pipelines")


@statistics_routes.get("/statistics", responses={"200": StatisticsResult})
@requires(Action.READ_PIPELINES)
def read_statistics(query: StatisticsQuery) -> Response:
    """Count pipelines by status, by owner, and by the day of their creation (UTC)."""

    def make(look: Look) -> Made:
        return Made(StatisticsResult.model_validate(look.statistics.of_days(query.days)).model_dump_json())

    return cached_response(cached_answer(statistics_key(present_visit()), make))
