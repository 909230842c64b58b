from chassis.migrate import run_environment
from orders.adapters.tables import metadata

run_environment(metadata)
