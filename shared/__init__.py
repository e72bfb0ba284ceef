"""What every layer needs. Imports nothing from phases, functions, handlers or web."""
