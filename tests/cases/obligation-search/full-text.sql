INSERT INTO provision_text (rowid, text) SELECT id, text FROM provision;
