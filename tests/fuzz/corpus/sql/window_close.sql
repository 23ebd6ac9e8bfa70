SELECT window_start, k, avg(m) FROM tumble(t, ts, INTERVAL '1 minute') GROUP BY 1, 2;
