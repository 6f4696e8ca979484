-- Renames to standard terms. An unfinished order goes on at the same step under its new name.
ALTER TABLE orders RENAME COLUMN refusal TO rejection;
UPDATE orders
    SET next_step = CASE next_step WHEN 'parcel.withhold' THEN 'shipment.cancel' ELSE 'cart.clear' END
    WHERE next_step IN ('parcel.withhold', 'basket.clear');
UPDATE orders
    SET lines = (
        SELECT jsonb_agg(
            (line - 'basket_line') || jsonb_build_object('cart_line', coalesce(line -> 'basket_line', '0'::jsonb))
            ORDER BY position
        )
        FROM jsonb_array_elements(lines) WITH ORDINALITY AS old (line, position)
    )
    WHERE lines <> '[]';

ALTER TABLE journey DROP CONSTRAINT journey_outcome_check;
UPDATE journey SET outcome = 'rejected' WHERE outcome = 'refused';
UPDATE journey
    SET step = CASE step
        WHEN 'parcel.withhold' THEN 'shipment.cancel'
        WHEN 'parcel.consign' THEN 'shipment.ship'
        ELSE 'cart.clear'
    END
    WHERE step IN ('parcel.withhold', 'parcel.consign', 'basket.clear');
ALTER TABLE journey
    ADD CONSTRAINT journey_outcome_check CHECK (outcome IN ('started', 'done', 'rejected', 'unknown'));
