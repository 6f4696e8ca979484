"""The composition root of payments."""

from chassis.config import load
from chassis.grpc_server import add_grpc_server
from chassis.lifecycle import Service, Stage
from chassis.postgres import add_database
from nightmarket.payments.v1.payments_pb2_grpc import add_PaymentsServiceServicer_to_server
from payments.api import ERROR_MAP, PaymentsApi
from payments.clients import BankClient
from payments.config import Config
from payments.service import PaymentService
from payments.store import Store


def build_service(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    bank = BankClient(config.bank_url, config.bank_api_key)
    service.on_stop(Stage.CLOSE, bank.close)
    payments = PaymentService(Store(add_database(service, config.database_url)), bank)
    add_grpc_server(service, [(add_PaymentsServiceServicer_to_server, PaymentsApi(payments))], ERROR_MAP)
    return service


if __name__ == "__main__":
    build_service(load(Config)).run()
