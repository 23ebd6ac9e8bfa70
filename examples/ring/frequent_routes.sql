-- DEBS 2015, query 1, over gateways that each have a share of the trips: the ten most frequent routes of the last 30 minutes, one wide row whenever they change.
-- Bounds of width_bucket: half a cell north-west of the centre of cell 1.1, then 300 cells of 500 m. delay is filled by the sink.
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
  SELECT _seq, pickup_datetime, dropoff_datetime,
    width_bucket(pickup_longitude,  -74.916578, -73.120778, 300) AS sx,
    width_bucket(pickup_latitude,   41.477182778, 40.129715978, 300) AS sy,
    width_bucket(dropoff_longitude, -74.916578, -73.120778, 300) AS ex,
    width_bucket(dropoff_latitude,  41.477182778, 40.129715978, 300) AS ey
  FROM trips) c
WHERE sx BETWEEN 1 AND 300 AND sy BETWEEN 1 AND 300 AND ex BETWEEN 1 AND 300 AND ey BETWEEN 1 AND 300;

CREATE MATERIALIZED VIEW frequent_routes
WITH (emit = 'on_change', ignore = 'pickup_datetime, dropoff_datetime') AS
WITH recent AS (
  SELECT * FROM sliding(valid, dropoff_datetime, INTERVAL '30 minutes')
), routes AS (
  SELECT sx, sy, ex, ey, count(*) AS trips, max(dropoff_datetime) AS newest
  FROM recent GROUP BY sx, sy, ex, ey
), ranked AS (
  SELECT sx || '.' || sy AS s, ex || '.' || ey AS e,
         row_number() OVER (ORDER BY trips DESC, newest DESC, sx, sy, ex, ey) AS rk
  FROM routes
), wide AS (
  SELECT max(s) FILTER (WHERE rk = 1) AS s1, max(e) FILTER (WHERE rk = 1) AS e1, max(s) FILTER (WHERE rk = 2) AS s2, max(e) FILTER (WHERE rk = 2) AS e2, max(s) FILTER (WHERE rk = 3) AS s3, max(e) FILTER (WHERE rk = 3) AS e3, max(s) FILTER (WHERE rk = 4) AS s4, max(e) FILTER (WHERE rk = 4) AS e4, max(s) FILTER (WHERE rk = 5) AS s5, max(e) FILTER (WHERE rk = 5) AS e5, max(s) FILTER (WHERE rk = 6) AS s6, max(e) FILTER (WHERE rk = 6) AS e6, max(s) FILTER (WHERE rk = 7) AS s7, max(e) FILTER (WHERE rk = 7) AS e7, max(s) FILTER (WHERE rk = 8) AS s8, max(e) FILTER (WHERE rk = 8) AS e8, max(s) FILTER (WHERE rk = 9) AS s9, max(e) FILTER (WHERE rk = 9) AS e9, max(s) FILTER (WHERE rk = 10) AS s10, max(e) FILTER (WHERE rk = 10) AS e10
  FROM ranked WHERE rk <= 10
), cause AS (
  SELECT pickup_datetime, dropoff_datetime FROM recent ORDER BY _seq DESC LIMIT 1
)
SELECT cause.*, wide.* FROM cause CROSS JOIN wide;

CREATE TABLE result (pickup_datetime timestamp, dropoff_datetime timestamp, s1 text, e1 text, s2 text, e2 text, s3 text, e3 text, s4 text, e4 text, s5 text, e5 text, s6 text, e6 text, s7 text, e7 text, s8 text, e8 text, s9 text, e9 text, s10 text, e10 text, delay interval)
WITH (connector = 'file', path = :'output', format = 'csv', null = 'NULL', delay_column = 'delay');
INSERT INTO result SELECT * FROM frequent_routes;
