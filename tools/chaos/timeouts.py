"""What the gateway allows itself for each kind of request, in seconds, as its README says."""

READ = 2.0  # of what everybody may see
CART = 5.0  # of and in the basket
LOOK = 5.0  # at orders
CHECKOUT = 15.0  # placing and cancelling orders
SHOP = 20.0  # a page
