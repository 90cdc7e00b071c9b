"""``python -m iamflow`` is the command line."""

from iamflow.cli.main import run

if __name__ == "__main__":
    run()
