"""The composition root of payments."""

from chassis import database, grpc
from chassis.config import load
from chassis.lifecycle import Service, Stage
from nightmarket.payments.v1.payments_pb2_grpc import add_PaymentsServiceServicer_to_server
from payments.api import REFUSALS, PaymentsApi
from payments.clients import BankClient
from payments.config import Config
from payments.service import PaymentService
from payments.store import Store


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    bank = BankClient(config.bank_url, config.bank_api_key)
    service.on_stop(Stage.CLOSE, bank.close)
    payments = PaymentService(Store(database.attach(service, config.database_url)), bank)
    grpc.attach(service, [(add_PaymentsServiceServicer_to_server, PaymentsApi(payments))], REFUSALS)
    return service


if __name__ == "__main__":
    compose(load(Config)).run()
