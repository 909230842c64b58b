"""Starts catalog in one of its roles: `python -m catalog all`."""

from chassis.roles import main

from catalog.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
