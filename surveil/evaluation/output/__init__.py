"""How figures are shown: tables, charts, sheets of examples, and a folder with a page that holds them all."""
