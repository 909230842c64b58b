"""`python -m orders ROLE` runs one role of orders, or `all`."""

import sys

from chassis.roles import main
from chassis.settings import SettingsError

if __name__ == "__main__":
    try:
        from orders.bootstrap import SERVICE
    except SettingsError as error:
        print(f"orders: {error}", file=sys.stderr)
        sys.exit(2)
    main(SERVICE)
