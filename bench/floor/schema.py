"""Tables of the hand-written reference, one database a service."""

COMMON = """
CREATE TABLE IF NOT EXISTS outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL, topic text NOT NULL, key text NOT NULL,
    type text NOT NULL, time timestamptz NOT NULL, payload bytea NOT NULL);
CREATE TABLE IF NOT EXISTS inbox (id uuid PRIMARY KEY);
"""
TABLES = {
    "orders": """
CREATE TABLE IF NOT EXISTS orders (
    id text PRIMARY KEY, version bigint NOT NULL, state text NOT NULL, placed bytea NOT NULL);
CREATE TABLE IF NOT EXISTS contacts (
    id text PRIMARY KEY, name text NOT NULL, phone text NOT NULL, address text NOT NULL);
CREATE TABLE IF NOT EXISTS requests (
    caller text, method text, request_id text, hash bytea NOT NULL, response bytea NOT NULL,
    PRIMARY KEY (caller, method, request_id));
""",
    "catalog": """
CREATE TABLE IF NOT EXISTS holds (
    id text PRIMARY KEY, version bigint NOT NULL, state text NOT NULL, lines bytea NOT NULL,
    expire_time timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS stock (
    id text PRIMARY KEY, version bigint NOT NULL, held bigint NOT NULL, sold bigint NOT NULL);
""",
    "payments": """
CREATE TABLE IF NOT EXISTS payments (
    id text PRIMARY KEY, version bigint NOT NULL, state text NOT NULL, amount_vnd bigint NOT NULL);
""",
    "shipping": """
CREATE TABLE IF NOT EXISTS parcels (
    id text PRIMARY KEY, version bigint NOT NULL, order_id text NOT NULL, state text NOT NULL, part bytea NOT NULL,
    deadline_time timestamptz NOT NULL);
""",
}
