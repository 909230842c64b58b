"""`python -m orders ROLE` runs one role of orders, or `all`."""

from chassis.roles import main

from orders.bootstrap import SERVICE

if __name__ == "__main__":
    main(SERVICE)
