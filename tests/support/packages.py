"""The repository's packages, for tests of rules that apply to all of them."""

PACKAGES = (
    "access",
    "backup",
    "bench",
    "camunda7",
    "config",
    "deployment",
    "hosting",
    "kpi",
    "papers",
    "processes",
    "records",
    "reporting",
    "services",
    "simulation",
    "stack",
    "webapp",
    "workers",
)
# packages of the product, without the benchmarks
PARTS = tuple(name for name in PACKAGES if name != "bench")
# folders that `python -m deployment` reads
DEPLOYMENT = ("forms", *(name for name in PARTS if name not in ("backup", "services", "stack")))
