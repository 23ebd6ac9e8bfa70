CREATE TABLE x (a int NOT NULL, b numeric(9,2), PRIMARY KEY (a), CONSTRAINT c CHECK (a > -1)) WITH (connector = 'file', path = 'y', format = 'csv', header = true, op_column = s);
