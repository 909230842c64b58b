from chassis.migrate import run_environment
from shipping.adapters.tables import metadata

run_environment(metadata)
