"""From a table and a design to an estimation problem in numbers."""
