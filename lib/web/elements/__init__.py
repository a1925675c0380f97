"""What pages are made of: controls, pictures, charts, tables, citations."""
