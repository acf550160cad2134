INSERT INTO gap VALUES ('report repairability', 'EU-2024/1781', 3);
