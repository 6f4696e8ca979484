"""The composition root of the notifications."""

from chassis import bus, consumer, database, worker
from chassis.config import load
from chassis.lifecycle import Service
from chassis.metrics import watch
from notifications.clients import MailFolder, SmtpServer
from notifications.composer import Composer
from notifications.config import Config
from notifications.events import handlers
from notifications.metrics import WAITING
from notifications.sender import Post, Sender
from notifications.store import Store


def compose(config: Config) -> Service:
    """The whole service, wired but not started."""
    service = Service(config)
    tables = database.attach(service, config.database_url)
    broker = bus.attach(service, config.nats_url)
    store = Store(tables)
    watch(WAITING, store.count_waiting)
    postman = worker.attach(service, "postman", Sender(store, _post(config)).send_due)
    composer = Composer(config.shop_url, config.mail_from)
    consumer.attach(service, broker, tables, handlers(composer), after_commit=postman.wake)
    return service


def _post(config: Config) -> Post:
    if config.smtp_url:
        return SmtpServer(config.smtp_url, config.mail_from)
    return MailFolder(config.mail_dir)


if __name__ == "__main__":
    compose(load(Config)).run()
