"""Run the command line with ``python -m copilot``."""

from copilot.cli.app import main

if __name__ == "__main__":
    main()
