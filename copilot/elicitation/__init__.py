"""Tasks: a prompt and a reply schema become ballots."""
