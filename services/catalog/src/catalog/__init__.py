"""Catalog: sellers, products, prices, counted stock, holds and livestream offers."""
