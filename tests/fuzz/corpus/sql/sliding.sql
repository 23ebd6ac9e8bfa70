WITH r AS (SELECT * FROM sliding(t, ts, INTERVAL '5 s')) SELECT s, max(v) FROM r GROUP BY s;
