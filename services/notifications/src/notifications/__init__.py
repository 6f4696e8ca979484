"""Notifications: emails about orders, one for each event."""
