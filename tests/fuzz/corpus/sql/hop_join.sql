SELECT * FROM hop(t, ts, INTERVAL '1 s', INTERVAL '2 s') a JOIN hop(t, ts, INTERVAL '1 s', INTERVAL '2 s') b ON a.window_end = b.window_end AND a.k = b.k;
