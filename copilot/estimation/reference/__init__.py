"""DoWhy as the reference: the same graph, estimand and rows, computed by other hands, in a process of its own."""
