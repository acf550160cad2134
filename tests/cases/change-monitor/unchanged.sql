DELETE FROM regulation WHERE regulation <> 'EU-2010/75';
