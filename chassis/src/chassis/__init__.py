"""The small library every service stands on."""
