\set x 5
SELECT :x, :'name', :"name" FROM t; EXPLAIN SELECT 1 FROM t;
