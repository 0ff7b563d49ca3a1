"""The packages of the repository, for the tests that hold all of them to something."""

PACKAGES = (
    "access",
    "bench",
    "camunda7",
    "config",
    "deployment",
    "hosting",
    "kpi",
    "processes",
    "records",
    "services",
    "stack",
    "webapp",
    "workers",
)
# those that run, without what measures them
PARTS = tuple(name for name in PACKAGES if name != "bench")
# folders that `python -m deployment` needs
DEPLOYMENT = ("forms", *(name for name in PARTS if name not in ("services", "stack")))
