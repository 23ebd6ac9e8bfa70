SELECT window_id, k, first(v), last(v) FROM count_window(t, 3, k) GROUP BY window_id, k;
