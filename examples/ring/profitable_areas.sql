-- DEBS 2015, query 2, over gateways that each have a share of the trips: the ten most profitable areas, one wide row whenever a shown value changes. 600 cells of 250 m.
\set input trips.csv
\set rate 1000000
\set output -
CREATE TABLE trips (
  medallion text, hack_license text,
  pickup_datetime timestamp NOT NULL, dropoff_datetime timestamp NOT NULL,
  trip_time_in_secs int, trip_distance numeric(9,2),
  pickup_longitude numeric(12,9), pickup_latitude numeric(12,9),
  dropoff_longitude numeric(12,9), dropoff_latitude numeric(12,9),
  payment_type text, fare_amount numeric(9,2), surcharge numeric(9,2), mta_tax numeric(9,2),
  tip_amount numeric(9,2), tolls_amount numeric(9,2), total_amount numeric(9,2)
) WITH (connector = 'file', path = :'input', format = 'csv', header = false, event_time = dropoff_datetime,
  tie_break = 'medallion, pickup_datetime', label = 'role=cab', rate = :rate);

CREATE VIEW valid AS
SELECT * FROM (
  SELECT _seq, medallion, pickup_datetime, dropoff_datetime, fare_amount + tip_amount AS profit,
    width_bucket(pickup_longitude,  -74.9150815, -73.1192815, 600) AS sx,
    width_bucket(pickup_latitude,   41.476059889, 40.128593089, 600) AS sy,
    width_bucket(dropoff_longitude, -74.9150815, -73.1192815, 600) AS ex,
    width_bucket(dropoff_latitude,  41.476059889, 40.128593089, 600) AS ey
  FROM trips WHERE fare_amount >= 0 AND tip_amount >= 0 AND medallion <> '') c
WHERE sx BETWEEN 1 AND 600 AND sy BETWEEN 1 AND 600 AND ex BETWEEN 1 AND 600 AND ey BETWEEN 1 AND 600;

CREATE MATERIALIZED VIEW profitable_areas
WITH (emit = 'on_change', ignore = 'pickup_datetime, dropoff_datetime') AS
WITH profits AS (
  SELECT sx AS x, sy AS y, median(profit) AS profit, max(dropoff_datetime) AS newest
  FROM sliding(valid, dropoff_datetime, INTERVAL '15 minutes') GROUP BY sx, sy
), parked AS (
  SELECT DISTINCT ON (medallion) medallion, ex AS x, ey AS y, dropoff_datetime
  FROM sliding(valid, dropoff_datetime, INTERVAL '30 minutes')
  ORDER BY medallion, _seq DESC
), taxis AS (
  SELECT x, y, count(*) AS n, max(dropoff_datetime) AS newest FROM parked GROUP BY x, y
), areas AS (
  SELECT x, y, n, coalesce(profit, 0) AS profit, coalesce(profit, 0) / n AS profitability,
         greatest(taxis.newest, profits.newest) AS newest
  FROM taxis LEFT JOIN profits USING (x, y)
), ranked AS (
  SELECT x || '.' || y AS cell, n, round(profit, 3) AS profit, round(profitability, 6) AS profitability,
         row_number() OVER (ORDER BY areas.profitability DESC, newest DESC, x, y) AS rk
  FROM areas
), wide AS (
  SELECT max(cell) FILTER (WHERE rk = 1) AS cell1, max(n) FILTER (WHERE rk = 1) AS n1, max(profit) FILTER (WHERE rk = 1) AS profit1, max(profitability) FILTER (WHERE rk = 1) AS profitability1, max(cell) FILTER (WHERE rk = 2) AS cell2, max(n) FILTER (WHERE rk = 2) AS n2, max(profit) FILTER (WHERE rk = 2) AS profit2, max(profitability) FILTER (WHERE rk = 2) AS profitability2, max(cell) FILTER (WHERE rk = 3) AS cell3, max(n) FILTER (WHERE rk = 3) AS n3, max(profit) FILTER (WHERE rk = 3) AS profit3, max(profitability) FILTER (WHERE rk = 3) AS profitability3, max(cell) FILTER (WHERE rk = 4) AS cell4, max(n) FILTER (WHERE rk = 4) AS n4, max(profit) FILTER (WHERE rk = 4) AS profit4, max(profitability) FILTER (WHERE rk = 4) AS profitability4, max(cell) FILTER (WHERE rk = 5) AS cell5, max(n) FILTER (WHERE rk = 5) AS n5, max(profit) FILTER (WHERE rk = 5) AS profit5, max(profitability) FILTER (WHERE rk = 5) AS profitability5, max(cell) FILTER (WHERE rk = 6) AS cell6, max(n) FILTER (WHERE rk = 6) AS n6, max(profit) FILTER (WHERE rk = 6) AS profit6, max(profitability) FILTER (WHERE rk = 6) AS profitability6, max(cell) FILTER (WHERE rk = 7) AS cell7, max(n) FILTER (WHERE rk = 7) AS n7, max(profit) FILTER (WHERE rk = 7) AS profit7, max(profitability) FILTER (WHERE rk = 7) AS profitability7, max(cell) FILTER (WHERE rk = 8) AS cell8, max(n) FILTER (WHERE rk = 8) AS n8, max(profit) FILTER (WHERE rk = 8) AS profit8, max(profitability) FILTER (WHERE rk = 8) AS profitability8, max(cell) FILTER (WHERE rk = 9) AS cell9, max(n) FILTER (WHERE rk = 9) AS n9, max(profit) FILTER (WHERE rk = 9) AS profit9, max(profitability) FILTER (WHERE rk = 9) AS profitability9, max(cell) FILTER (WHERE rk = 10) AS cell10, max(n) FILTER (WHERE rk = 10) AS n10, max(profit) FILTER (WHERE rk = 10) AS profit10, max(profitability) FILTER (WHERE rk = 10) AS profitability10
  FROM ranked WHERE rk <= 10
), cause AS (
  SELECT pickup_datetime, dropoff_datetime
  FROM sliding(valid, dropoff_datetime, INTERVAL '30 minutes') ORDER BY _seq DESC LIMIT 1
)
SELECT cause.*, wide.* FROM cause CROSS JOIN wide;

CREATE TABLE result (pickup_datetime timestamp, dropoff_datetime timestamp, cell1 text, n1 bigint, profit1 numeric(18,3), profitability1 numeric(18,6), cell2 text, n2 bigint, profit2 numeric(18,3), profitability2 numeric(18,6), cell3 text, n3 bigint, profit3 numeric(18,3), profitability3 numeric(18,6), cell4 text, n4 bigint, profit4 numeric(18,3), profitability4 numeric(18,6), cell5 text, n5 bigint, profit5 numeric(18,3), profitability5 numeric(18,6), cell6 text, n6 bigint, profit6 numeric(18,3), profitability6 numeric(18,6), cell7 text, n7 bigint, profit7 numeric(18,3), profitability7 numeric(18,6), cell8 text, n8 bigint, profit8 numeric(18,3), profitability8 numeric(18,6), cell9 text, n9 bigint, profit9 numeric(18,3), profitability9 numeric(18,6), cell10 text, n10 bigint, profit10 numeric(18,3), profitability10 numeric(18,6), delay interval)
WITH (connector = 'file', path = :'output', format = 'csv', null = 'NULL', delay_column = 'delay');
INSERT INTO result SELECT * FROM profitable_areas;
