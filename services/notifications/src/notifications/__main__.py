"""The composition root of notifications."""

from chassis.config import load
from chassis.lifecycle import Service, add_worker
from chassis.postgres import add_database
from chassis.telemetry import watch
from messaging.consumer import add_consumer
from messaging.nats import add_nats
from notifications.clients import MaildirTransport, MailTransport, SmtpTransport
from notifications.config import Config
from notifications.events import handlers
from notifications.metrics import WAITING
from notifications.renderer import EmailRenderer
from notifications.service import NotificationService
from notifications.store import Store


def build_service(config: Config) -> Service:
    """Return the whole service, wired but not started."""
    service = Service(config)
    database = add_database(service, config.database_url)
    nats = add_nats(service, config.nats_url)
    store = Store(database)
    watch(WAITING, store.count_waiting)
    renderer = EmailRenderer(config.shop_url, config.mail_from)
    notifications = NotificationService(store, renderer, _transport(config))
    sender = add_worker(service, "sender", notifications.send_due)
    add_consumer(service, nats, database, handlers(notifications), after_commit=sender.wake)
    return service


def _transport(config: Config) -> MailTransport:
    if config.smtp_url:
        return SmtpTransport(config.smtp_url, config.mail_from)
    return MaildirTransport(config.mail_dir)


if __name__ == "__main__":
    build_service(load(Config)).run()
