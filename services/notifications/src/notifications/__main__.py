"""The composition root of the notifications."""

from chassis.config import load
from chassis.lifecycle import Service, add_worker
from chassis.metrics import watch
from chassis.postgres import add_database
from messaging.consumer import add_consumer
from messaging.nats import add_nats
from notifications.clients import MailFolder, SmtpServer
from notifications.composer import Composer
from notifications.config import Config
from notifications.events import handlers
from notifications.metrics import WAITING
from notifications.sender import Post, Sender
from notifications.store import Store


def build_service(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    database = add_database(service, config.database_url)
    nats = add_nats(service, config.nats_url)
    store = Store(database)
    watch(WAITING, store.count_waiting)
    postman = add_worker(service, "postman", Sender(store, _post(config)).send_due)
    composer = Composer(config.shop_url, config.mail_from)
    add_consumer(service, nats, database, handlers(composer), after_commit=postman.wake)
    return service


def _post(config: Config) -> Post:
    if config.smtp_url:
        return SmtpServer(config.smtp_url, config.mail_from)
    return MailFolder(config.mail_dir)


if __name__ == "__main__":
    build_service(load(Config)).run()
