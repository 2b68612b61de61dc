"""Reports: figures, tables and the files made of them."""
