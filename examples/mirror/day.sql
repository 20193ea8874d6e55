-- What happens on a day.
UPDATE orders SET status = 'sent' WHERE customer = 'ada';
BEGIN;
INSERT INTO orders (placed, customer, status, total) VALUES ('2026-03-02 10:00:00Z', 'dee', 'paid', 310.00);
UPDATE orders SET total = 10.00 WHERE customer = 'ben';
COMMIT;
DELETE FROM orders WHERE customer = 'cay';
