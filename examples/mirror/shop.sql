-- The database of a shop. With REPLICA IDENTITY FULL the server tells all of a row
-- that was changed or deleted, so that no field of Order needs a question mark.
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  placed timestamptz NOT NULL,
  customer text NOT NULL,
  status text NOT NULL CHECK (status IN ('new', 'paid', 'sent')),
  total numeric(10, 2) NOT NULL,
  note text
);
ALTER TABLE orders REPLICA IDENTITY FULL;

INSERT INTO orders (placed, customer, status, total, note) VALUES
  ('2026-03-01 08:00:00Z', 'ada', 'paid', 249.90, NULL),
  ('2026-03-01 08:05:00Z', 'ben', 'new', 12.50, 'call first'),
  ('2026-03-01 08:10:00Z', 'cay', 'new', 99.00, NULL);
