"""The metrics of emails."""

from prometheus_client import Counter, Gauge

EMAILS = Counter("market_emails_total", "Emails that were sent, skipped or rejected.", ["kind", "outcome"])
WAITING = Gauge("market_emails_waiting", "Emails that are still to be sent. NaN if the database is down.")
