"""The reference of the saga bench: the same hops, facts, sizes and durability, by hand with asyncpg and aiokafka."""
