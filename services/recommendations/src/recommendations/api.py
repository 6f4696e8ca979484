"""The gRPC service of recommendations: wire <-> store."""

from grpc import ServicerContext

from chassis import paging
from nightmarket.limits import MAX_RECOMMENDATIONS, RECOMMENDATIONS_PAGE_SIZE
from nightmarket.recommendations.v1 import recommendations_pb2 as wire
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceServicer
from recommendations.domain.recommendations import Model
from recommendations.store import Store


class RecommendationsApi(RecommendationsServiceServicer):
    """Implements nightmarket.recommendations.v1.RecommendationsService."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store = store
        self._model = model

    def ListRecommendations(
        self, request: wire.ListRecommendationsRequest, context: ServicerContext
    ) -> wire.ListRecommendationsResponse:
        size = paging.page_size(request.page_size, RECOMMENDATIONS_PAGE_SIZE, MAX_RECOMMENDATIONS)
        found = self._store.recommendations(request.product_id, size)
        products = [wire.RecommendedProduct(id=one.product_id, orders=one.orders) for one in found]
        return wire.ListRecommendationsResponse(products=products, model=self._model.value)
