"""Graphs and results as pictures: SVG for a page, PNG for a paper, boxes for a terminal."""
