INSERT INTO known_regulation VALUES ('UK-2016/1154', 32);
