"""The web application. Imports handlers; nothing imports it."""
