"""The notifications: mails about orders, once each."""
