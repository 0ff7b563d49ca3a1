"""Reads messages of laboratories: HL7 v2 ORU^R01, FHIR R4 and CSV.

The readers are pure functions from bytes to reports, and raise no errors. What they don't understand is a problem of
the report or of one observation, and problems keep a result from being taken.
"""
