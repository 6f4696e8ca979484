"""The gRPC service of recommendations: wire <-> domain."""

from grpc import ServicerContext

from chassis import paging
from nightmarket.recommendations.v1 import recommendations_pb2 as wire
from nightmarket.recommendations.v1.recommendations_pb2_grpc import RecommendationsServiceServicer
from recommendations.domain.models import DEFAULT_SIZE, LARGEST_SIZE, Model
from recommendations.store import Store


class RecommendationsApi(RecommendationsServiceServicer):
    """Answers nightmarket.recommendations.v1.RecommendationsService."""

    def __init__(self, store: Store, model: Model) -> None:
        self._store = store
        self._model = model

    def ListRecommendations(
        self, request: wire.ListRecommendationsRequest, context: ServicerContext
    ) -> wire.ListRecommendationsResponse:
        size = paging.page_size(request.page_size, DEFAULT_SIZE, LARGEST_SIZE)
        found = self._store.recommendations(request.product_id, size)
        products = [wire.RecommendedProduct(id=one.product_id, orders=one.orders) for one in found]
        return wire.ListRecommendationsResponse(products=products, model=self._model.value)
