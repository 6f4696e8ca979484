"""The statements that move pieces.

Each is one transaction by itself, so that no lock outlives its statement: a process that is killed or stopped
in the middle holds nobody up. All lock the stock's rows in the order of the product ids, so that none can
wait for another in a circle, and a row is locked by those who want that product, and only by them.
"""

# Keeps all lines or none. Rows: each product that exists, what was available of it, and the expiry if kept.
RESERVE = """
    WITH wanted AS (
        SELECT * FROM unnest(%(products)s::text[], %(quantities)s::integer[]) AS line (product_id, quantity)
    ), locked AS (
        SELECT product_id, quantity, available FROM stock JOIN wanted USING (product_id)
        ORDER BY product_id FOR NO KEY UPDATE OF stock
    ), made AS (
        INSERT INTO reservations (order_id, state, expire_time)
        SELECT %(order_id)s, 'HELD', now() + make_interval(secs => %(seconds)s)
        WHERE (SELECT count(*) FROM locked WHERE available >= quantity) = (SELECT count(*) FROM wanted)
        ON CONFLICT DO NOTHING RETURNING order_id, expire_time
    ), kept AS (
        INSERT INTO reservation_lines SELECT order_id, product_id, quantity FROM made, wanted
    ), taken AS (
        UPDATE stock SET available = stock.available - locked.quantity
        FROM made, locked WHERE stock.product_id = locked.product_id
    )
    SELECT product_id, available, expire_time FROM locked LEFT JOIN made ON true
"""

READ = """
    SELECT state, expire_time, now(), array_agg(product_id ORDER BY product_id COLLATE "C") AS products,
           array_agg(quantity ORDER BY product_id COLLATE "C") AS quantities
    FROM reservations JOIN reservation_lines USING (order_id) WHERE order_id = %s GROUP BY order_id
"""

_MOVE_ONE = """
    WITH changed AS (
        UPDATE reservations SET state = %(to)s WHERE order_id = %(order_id)s AND state = %(from)s
        RETURNING order_id
    )"""

_EXPIRE_OVERDUE = """
    WITH overdue AS (
        SELECT order_id FROM reservations WHERE state = 'HELD' AND expire_time <= now()
        ORDER BY expire_time LIMIT %(most)s FOR UPDATE SKIP LOCKED
    ), changed AS (
        UPDATE reservations SET state = 'EXPIRED' FROM overdue WHERE reservations.order_id = overdue.order_id
        RETURNING reservations.order_id
    )"""

_NOTE = """, noted AS (
        INSERT INTO movements (reference, product_id, kind, quantity)
        SELECT order_id, product_id, '{kind}', quantity FROM reservation_lines JOIN changed USING (order_id)
    )"""

_GIVE_BACK = """, lines AS (
        SELECT product_id, sum(quantity) AS quantity
        FROM reservation_lines JOIN changed USING (order_id) GROUP BY product_id
    ), locked AS (
        SELECT product_id, quantity FROM stock JOIN lines USING (product_id)
        ORDER BY product_id FOR NO KEY UPDATE OF stock
    ), given_back AS (
        UPDATE stock SET available = available + quantity
        FROM locked WHERE stock.product_id = locked.product_id
    )"""

_COUNT = " SELECT count(*) AS moved FROM changed"

# From one state to the next. They return 0 where the reservation has left the first one meanwhile.
MOVES = {
    ("HELD", "COMMITTED"): _MOVE_ONE + _NOTE.format(kind="SOLD") + _COUNT,
    ("HELD", "RELEASED"): _MOVE_ONE + _GIVE_BACK + _COUNT,
    ("HELD", "EXPIRED"): _MOVE_ONE + _GIVE_BACK + _COUNT,
    ("COMMITTED", "RELEASED"): _MOVE_ONE + _NOTE.format(kind="RETURNED") + _GIVE_BACK + _COUNT,
}

# Gives back what nobody bought in time, the longest overdue first; several sweepers share the work.
EXPIRE_OVERDUE = _EXPIRE_OVERDUE + _GIVE_BACK + _COUNT
