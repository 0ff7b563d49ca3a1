"""Reports laboratory-confirmed cases to a health authority in a format that the authority has chosen.

- report.py: what is reported, independent of its format
- elr.py, fhir.py, sormas.py: a format each, as a pure function from a report to bytes
- http.py, mllp.py, folder.py: a transport each
- authority.py: the configured format with its transport
"""
