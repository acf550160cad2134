-- Stacks and what they emit. DuckDB and SQLite both take it.
CREATE TABLE stack (id BIGINT PRIMARY KEY, site VARCHAR NOT NULL, pollutant VARCHAR NOT NULL, permitted_mg DOUBLE NOT NULL);
CREATE TABLE reading (stack BIGINT NOT NULL, taken TIMESTAMPTZ NOT NULL, mg DOUBLE NOT NULL);
CREATE TABLE breach (site VARCHAR NOT NULL, pollutant VARCHAR NOT NULL, readings BIGINT NOT NULL, evidence VARCHAR NOT NULL);
