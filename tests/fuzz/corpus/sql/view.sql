CREATE MATERIALIZED VIEW w WITH (emit = 'on_change', ignore = 'k') AS SELECT k, count(*) AS n FROM t GROUP BY k; INSERT INTO o SELECT * FROM w;
