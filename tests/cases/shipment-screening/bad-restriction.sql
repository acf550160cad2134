INSERT INTO restriction VALUES ('ODD-1', '99', '*', 0, 'ponder', 'nobody knows');
