SELECT DISTINCT ON (k, s) k, s, v FROM t ORDER BY k, s, ts DESC;
