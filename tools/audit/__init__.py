"""The audit: reads every service's own store and the bank's ledger, and tells what does not agree."""
