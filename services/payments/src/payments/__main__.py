"""Starts payments in one of its roles."""

import sys

from chassis.roles import main
from chassis.settings import SettingsError

if __name__ == "__main__":
    try:
        from payments.bootstrap import SERVICE
    except SettingsError as error:
        sys.exit(f"payments cannot start: {error}")
    main(SERVICE)
