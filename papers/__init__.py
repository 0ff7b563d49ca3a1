"""Papers for patients: results and notices as PDF, with a code by which anybody can check whether they still hold."""
