from chassis.migrate import run_environment
from payments.adapters.tables import metadata

run_environment(metadata)
