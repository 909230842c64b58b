"""Starts shipping in one of its roles: `python -m shipping all`."""

if __name__ == "__main__":
    # Imported here, because the process that plans loads this module too and must stay small.
    from chassis.roles import main

    from shipping.bootstrap import SERVICE

    main(SERVICE)
