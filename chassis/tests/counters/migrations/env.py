from chassis.migrate import run_environment
from counters.bootstrap import metadata

run_environment(metadata)
