-- Renames mails to emails, and their kinds and states. A waiting email keeps its message and its next try.
ALTER TABLE mails DROP CONSTRAINT mails_state_check;
ALTER TABLE mails RENAME TO emails;
ALTER TABLE emails RENAME CONSTRAINT mails_pkey TO emails_pkey;
ALTER TABLE emails RENAME CONSTRAINT mails_check TO emails_message_check;
ALTER INDEX mails_waiting RENAME TO emails_waiting;
ALTER INDEX mails_by_order RENAME TO emails_by_order;

UPDATE emails SET state = 'rejected' WHERE state = 'refused';
UPDATE emails SET kind = 'shipped' WHERE kind = 'consigned';
ALTER TABLE emails
    ADD CONSTRAINT emails_state_check CHECK (state IN ('waiting', 'sent', 'skipped', 'rejected'));
