"""FHIR servers that fail, on a real socket: what the service answers to each, and in what time."""
