"""Payments: takes the money of orders and keeps the books."""
