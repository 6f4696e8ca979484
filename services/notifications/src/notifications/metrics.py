"""What the notifications count."""

from prometheus_client import Counter, Gauge

MAILS = Counter("market_emails_total", "Mails that are done with.", ["kind", "outcome"])
WAITING = Gauge("market_emails_waiting", "Mails that are still to be sent; NaN where the database is down.")
