"""From an identified effect to estimates and attempts to refute them; the only place that imports DoWhy."""
