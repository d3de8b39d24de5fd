"""The report as a document: sections of text, tables and pictures, from which page and Markdown are made."""
