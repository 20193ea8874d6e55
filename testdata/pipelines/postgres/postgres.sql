CREATE TYPE region AS ENUM ('EU', 'US');
CREATE TABLE there (
  id integer PRIMARY KEY,
  paid boolean,
  region region NOT NULL,
  total numeric(18,2) CHECK (total >= 0),
  at timestamp,
  note varchar(40),
  items json,
  free jsonb,
  seen integer NOT NULL DEFAULT 1
);
CREATE TABLE customers (id bigint PRIMARY KEY, name text, "limit" numeric, since timestamptz, tags text[], secret text);
INSERT INTO customers VALUES (2, 'bob', NULL, '2026-01-02 03:04:05+01', '{a,"b c"}', 'x'), (1, 'ann', 10.50, '2025-12-31', '{}', 'y');
