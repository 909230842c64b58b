"""Starts catalog in one of its roles: `python -m catalog all`."""

import sys

from chassis.roles import main
from chassis.settings import SettingsError

if __name__ == "__main__":
    try:
        from catalog.bootstrap import SERVICE
    except SettingsError as error:
        print(f"catalog: {error}", file=sys.stderr)
        sys.exit(2)
    main(SERVICE)
