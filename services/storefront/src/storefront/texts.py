"""Sentences for the words that other services use: reasons, steps, outcomes, cards. `N_` marks what is translated."""

from collections.abc import Mapping

from chassis.errors import AppError


def N_(text: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return text


REASONS: Mapping[str, str] = {
    "EMAIL_INVALID": N_("This does not look like an e-mail address."),
    "EMAIL_TAKEN": N_("There is an account with this e-mail address already. Sign in instead?"),
    "NAME_INVALID": N_("Please give a name of 1 to 100 characters."),
    "PASSWORD_TOO_SHORT": N_("Please take a password of 8 characters or more."),
    "PASSWORD_TOO_LONG": N_("Please take a password of 128 characters or fewer."),
    "CREDENTIALS_WRONG": N_("The e-mail address or the password is wrong."),
    "QUANTITY_INVALID": N_("Please give a whole number of pieces, up to 99."),
    "CART_FULL": N_("Your basket is full: it holds up to 50 products, and up to 99 pieces of each."),
    "CART_EMPTY": N_("There is nothing in your basket yet."),
    "PRODUCT_NOT_FOUND": N_("This product is not sold here, or not any more."),
    "PRODUCT_GONE": N_("Something in your basket is not sold any more. Please take it out."),
    "SOLD_OUT": N_("Somebody was faster: there are not enough pieces left."),
    "CARD_DECLINED": N_("The bank declined this card."),
    "INSUFFICIENT_FUNDS": N_("There is not enough money on this card."),
    "PAYMENT_TOKEN_INVALID": N_("Please choose a card."),
    "ADDRESS_INVALID": N_("Please check the address."),
    "COUNTRY_INVALID": N_("We cannot send parcels to this country."),
    "IDEMPOTENCY_KEY_REUSED": N_("This order has been placed before; it is in the list below."),
    "ORDER_NOT_FOUND": N_("You have no such order."),
    "ORDER_SHIPPED": N_("The parcel is on its way already, so the order cannot be cancelled."),
    "ORDER_BUSY": N_("This order is being worked on right now. Please try again in a moment."),
    "ORDER_UNKNOWN": N_(
        "We did not hear back, so we do not know yet whether the order was placed. Press the button again: "
        "you will not be charged twice."
    ),
    "CANCELLED_BY_BUYER": N_("You wanted it so."),
    "QUERY_TOO_LONG": N_("Please search for fewer words."),
    "PAGE_TOKEN_INVALID": N_("This page of the list has moved. Please start from the first one."),
    "FORM_EXPIRED": N_(
        "This form was open for too long. Please go back, load the page again and send it once more."
    ),
    "UPSTREAM_UNAVAILABLE": N_("One of our services does not answer right now."),
}
_OTHER_REFUSAL = N_("This did not work. Please check what you entered.")
_OTHER_FAILURE = N_("Something went wrong on our side. Please try again in a moment.")

STEPS: Mapping[str, str] = {
    "order.place": N_("Write the order down"),
    "stock.reserve": N_("Put the pieces aside"),
    "payment.authorize": N_("Check the card, hold the amount"),
    "stock.commit": N_("Take the pieces from the shelf"),
    "order.confirm": N_("Confirm the order"),
    "payment.capture": N_("Charge the card"),
    "cart.clear": N_("Empty the basket"),
    "shipment.ship": N_("Hand the parcel to the carrier"),
    "shipment.cancel": N_("Hold the parcel back"),
    "payment.cancel": N_("Give the money back"),
    "stock.release": N_("Put the pieces back on the shelf"),
    "order.cancel": N_("Cancel the order"),
}
OUTCOMES: Mapping[str, str] = {
    "started": N_("under way"),
    "done": N_("done"),
    "rejected": N_("rejected"),
    "unknown": N_("no answer, will be tried again"),
}
CARD_NAMES: Mapping[str, str] = {
    "tok_visa": N_("Visa"),
    "tok_mastercard": N_("Mastercard"),
    "tok_declined": N_("A card that is declined"),
    "tok_insufficient_funds": N_("An empty card"),
    "tok_slow": N_("A slow bank"),
    "tok_lost_answer": N_("A lost answer"),
}
CARD_STORIES: Mapping[str, str] = {
    "tok_visa": N_("Works. The usual choice."),
    "tok_mastercard": N_("Works just as well."),
    "tok_declined": N_("The bank says no. The pieces go back on the shelf, and you keep your basket."),
    "tok_insufficient_funds": N_("The bank says that there is not enough money. Nothing is charged."),
    "tok_slow": N_("The bank thinks for a while. The order waits for it, and goes on by itself."),
    "tok_lost_answer": N_(
        "The bank charges the card, but its answer never arrives. Watch how the market finds out."
    ),
}
STATES: Mapping[str, str] = {
    "pending": N_("being worked on"),
    "confirmed": N_("confirmed"),
    "shipped": N_("on its way"),
    "cancelled": N_("cancelled"),
}


def of_error(error: AppError) -> str:
    """What to tell a visitor about an error, in English; translated where it is shown."""
    return REASONS.get(error.reason, _OTHER_FAILURE if error.code.http >= 500 else _OTHER_REFUSAL)
