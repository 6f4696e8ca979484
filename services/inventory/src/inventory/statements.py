"""The statements that move pieces.

A move of pieces is two statements that are sent together, as one transaction, so that no lock waits for this
process: one that is killed or stopped in the middle holds nobody up. The first locks the stock's rows in the order
of the product ids, so that none can wait for another in a circle. The second sees what the others left behind; had
it locked the rows itself it would still see what was there before it waited, and updating such a row deadlocks.
"""

LOCK_WANTED = """
    SELECT FROM stock WHERE product_id = ANY(%(products)s) ORDER BY product_id FOR NO KEY UPDATE
"""

LOCK_KEPT = """
    SELECT FROM stock WHERE product_id IN (SELECT product_id FROM reservation_lines WHERE order_id = %(order_id)s)
    ORDER BY product_id FOR NO KEY UPDATE
"""

# Keeps all lines or none. Rows: each product that exists, what was available of it, and the expiry if kept.
RESERVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(products)s::text[], %(quantities)s::integer[]) AS line (product_id, quantity)
    ), found AS (
        SELECT product_id, quantity, available FROM stock JOIN wanted USING (product_id)
    ), made AS (
        INSERT INTO reservations (order_id, state, expire_time)
        SELECT %(order_id)s, 'HELD', now() + make_interval(secs => %(seconds)s)
        WHERE (SELECT count(*) FROM found WHERE available >= quantity) = (SELECT count(*) FROM wanted)
        ON CONFLICT DO NOTHING RETURNING order_id, expire_time
    ), kept AS (
        INSERT INTO reservation_lines SELECT order_id, product_id, quantity FROM made, wanted
    ), taken AS (
        UPDATE stock SET available = stock.available - found.quantity
        FROM made, found WHERE stock.product_id = found.product_id
    )
    SELECT product_id, available, expire_time FROM found LEFT JOIN made ON true
"""

READ = """
    SELECT state, expire_time, now(),
           array_remove(array_agg(product_id ORDER BY product_id COLLATE "C"), NULL) AS products,
           array_remove(array_agg(quantity ORDER BY product_id COLLATE "C"), NULL) AS quantities
    FROM reservations LEFT JOIN reservation_lines USING (order_id) WHERE order_id = %s GROUP BY order_id
"""

# Given back before anything was kept: what is still on its way then finds that it comes too late.
WITHDRAW = """
    INSERT INTO reservations (order_id, state, expire_time) VALUES (%s, 'RELEASED', now()) ON CONFLICT DO NOTHING
"""

_MOVE_ONE = """
    WITH changed AS (
        UPDATE reservations SET state = %(to)s WHERE order_id = %(order_id)s AND state = %(from)s
        RETURNING order_id
    )"""

# What nobody bought in time, the longest overdue first.
OVERDUE = """
    SELECT order_id FROM reservations WHERE state = 'HELD' AND expire_time <= now() ORDER BY expire_time LIMIT %s
"""

_NOTE = """, noted AS (
        INSERT INTO movements (reference, product_id, kind, quantity)
        SELECT order_id, product_id, '{kind}', quantity FROM reservation_lines JOIN changed USING (order_id)
    )"""

_GIVE_BACK = """, lines AS (
        SELECT product_id, sum(quantity) AS quantity
        FROM reservation_lines JOIN changed USING (order_id) GROUP BY product_id
    ), given_back AS (
        UPDATE stock SET available = available + quantity
        FROM lines WHERE stock.product_id = lines.product_id
    )"""

_COUNT = " SELECT count(*) AS moved FROM changed"

# From one state to the next. They return 0 where the reservation has left the first one meanwhile.
MOVES = {
    ("HELD", "COMMITTED"): _MOVE_ONE + _NOTE.format(kind="SOLD") + _COUNT,
    ("HELD", "RELEASED"): _MOVE_ONE + _GIVE_BACK + _COUNT,
    ("HELD", "EXPIRED"): _MOVE_ONE + _GIVE_BACK + _COUNT,
    ("COMMITTED", "RELEASED"): _MOVE_ONE + _NOTE.format(kind="RETURNED") + _GIVE_BACK + _COUNT,
}
