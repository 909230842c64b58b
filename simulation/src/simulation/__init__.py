"""Everything outside Chophien: sellers, buyers, bank and courier partners, and what they play over the public wires."""
