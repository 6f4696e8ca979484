"""The bank's test cards. They are tokens: card numbers never enter the market."""

CARDS = (
    "tok_visa",
    "tok_mastercard",
    "tok_declined",
    "tok_insufficient_funds",
    "tok_slow",
    "tok_lost_answer",
)
DEFAULT_CARD = CARDS[0]
