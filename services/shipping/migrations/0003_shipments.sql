-- Renames consignments to shipments, with their states. Shipments keep their numbers, and the sequence its position.
ALTER TABLE consignments DROP CONSTRAINT consignments_state_check;
ALTER TABLE consignments DROP CONSTRAINT consignments_check;
ALTER TABLE consignments RENAME TO shipments;
ALTER TABLE shipments RENAME COLUMN consign_time TO ship_time;
ALTER TABLE shipments RENAME CONSTRAINT consignments_pkey TO shipments_pkey;
ALTER TABLE shipments RENAME CONSTRAINT consignments_tracking_number_key TO shipments_tracking_number_key;
ALTER INDEX consignments_packing RENAME TO shipments_packing;
ALTER SEQUENCE parcel_numbers RENAME TO shipment_numbers;

UPDATE shipments
    SET state = CASE state WHEN 'CONSIGNED' THEN 'SHIPPED' ELSE 'CANCELLED' END
    WHERE state IN ('CONSIGNED', 'WITHHELD');
ALTER TABLE shipments
    ADD CONSTRAINT shipments_state_check CHECK (state IN ('PACKING', 'SHIPPED', 'CANCELLED')),
    ADD CONSTRAINT shipments_shipped_check
        CHECK ((state = 'SHIPPED') = (tracking_number IS NOT NULL AND ship_time IS NOT NULL));
