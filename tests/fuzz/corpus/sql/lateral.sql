SELECT t.k, o.name, o.x FROM t CROSS JOIN LATERAL (VALUES (1, 'v', t.v), (2, 'm', t.m)) AS o(pos, name, x);
