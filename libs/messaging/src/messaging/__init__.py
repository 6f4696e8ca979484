"""Events between services over NATS: outbox, inbox and dead letters; see libs/messaging/README.md."""
