"""What every layer needs. Imports nothing from phases, functions, handlers or web."""

VERSION = "0.1.0"
