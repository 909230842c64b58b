from catalog.adapters.tables import metadata
from chassis.migrate import run_environment

run_environment(metadata)
