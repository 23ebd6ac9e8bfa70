SELECT a.k, b.v FROM t a LEFT JOIN (SELECT k, max(v) AS v FROM t GROUP BY k) b USING (k) WHERE a.s LIKE 'x%';
