"""The check accepts a timer's time if the engine can read it, and refuses it otherwise."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from camunda7.lint.times import TIMES
from tests.support.engine_parser import find_refusals
from tests.support.tier import rounds

COUNT = rounds(test=3000, verify=60_000)
VALID = {
    "timeDuration": ["PT30M", "P2D", "P1W", "P1Y2M3DT4H5M6S", "PT1.5S", "PT0S", "P0D", "P01D"],
    "timeDate": [
        "2020-03-20", "2020-03-20T09:00", "2020-03-20T09:00:00", "2020-03-20T09:00:00.5Z", "2020-03-20T09:00+01:00",
        "2020-03-20T09:00:00+0100", "2020-02-29", "2020-W10-1", "2020-080", "2020-03", "P1D", "P1W2D", "PT90M",
    ],
    "timeCycle": [
        "R3/PT1H", "R/PT1H", "R0/P1D", "R3/P2W", "R3/2020-03-20T09:00:00Z/P1D", "R3/P1D/2030-03-20",
        "0 0 9 * * ?", "0 0 12 ? * MON-FRI", "0 */5 * * * *", "0 0/5 14 * * *", "0 0 12 1,15 * ?", "0 0 12 L * ?",
        "0 0 12 15W * ?", "0 0 12 ? * FRI#2", "0 0 12 * JAN-MAR *", "@daily",
    ],
}  # fmt: skip
INVALID = {
    "timeDuration": ["", "PT", "P1W2D", "P1WT1H", "P1.5D", "PT1.5H", "-P1D", "P-1D", "p1d", "P1M2Y", "1D", "PT٣M"],
    "timeDate": ["2020-02-30", "2021-02-29", "2020-13-01", "2020-03-20T24:00", "2020-03-20T09:60", "09:00", "today"],
    "timeCycle": ["", "PT1H", "R3", "R3/", "R3/P1W2D", "R2147483648/PT1H", "0 0 24 * * *", "* * * * *", "0 0 9 * * 8"],
}


@pytest.mark.parametrize("kind", TIMES)
def test_check_and_engine_agree_on_common_times(kind: str) -> None:
    is_time = TIMES[kind][0]
    assert [text for text in VALID[kind] if not is_time(text)] == []
    assert [text for text in INVALID[kind] if is_time(text)] == []
    assert [text for text, why in zip(VALID[kind], engine_refusals(kind, VALID[kind]), strict=True) if why] == []
    # an empty one isn't deployed
    refused = list(filter(None, INVALID[kind]))
    assert [text for text, why in zip(refused, engine_refusals(kind, refused), strict=True) if not why] == []


def test_a_cycle_that_the_engine_would_compute_endlessly_is_refused() -> None:
    is_cycle = TIMES["timeCycle"][0]
    assert not any(map(is_cycle, ["R/PT0S", "R3/2020-03-20/P0D", "R/0001-01-01/PT1S", "R/PT1S/9999-01-01"]))
    assert is_cycle("R/2020-03-20T09:00:00Z/PT1H")


def test_the_engine_reads_whatever_the_check_accepts() -> None:
    rng = random.Random(1)
    kinds = [rng.choice([*TIMES]) for _ in range(COUNT)]
    generated = [(kind, random_time(kind, rng)) for kind in kinds]
    accepted = [(kind, value) for kind, value in generated if TIMES[kind][0](value)]
    wrong = [each for each, why in zip(accepted, find_refusals(accepted), strict=True) if why]
    print(f"{len(generated)} times tried, {len(accepted)} accepted, {len(wrong)} of them refused by the engine")
    assert wrong == []
    counts = Counter(kind for kind, _ in accepted)
    assert min(counts[kind] for kind in TIMES) > COUNT / 100


def engine_refusals(kind: str, texts: list[str]) -> list[str]:
    return find_refusals((kind, text) for text in texts)


def random_time(kind: str, rng: random.Random) -> str:
    """Generate a time of this kind; one in ten has a random character replaced."""
    time = rng.choice(GENERATORS[kind])(rng)
    if time and rng.random() < 0.1:
        place = rng.randrange(len(time))
        time = time[:place] + rng.choice(["", "x", "1", "/", "P", ".", "-"]) + time[place + 1 :]
    return time.strip()


def _duration(rng: random.Random) -> str:
    units = rng.choice(["", "D", "YMD", "W", "WD", "M", "MD", "DM"])
    clock = rng.choice(["", "H", "M", "S", "HM", "HMS", "MH"])
    return "P" + _figures(units, rng) + ("T" + _figures(clock, rng) if clock else "")


def _figures(units: str, rng: random.Random) -> str:
    odd = ["1.5", ".5", "-1", "", "9" * 9, "9" * 12, "٣"]
    return "".join(f"{rng.randrange(90) if rng.random() < 0.9 else rng.choice(odd)}{unit}" for unit in units)


def _moment(rng: random.Random) -> str:
    year, month, day = rng.choice([1, 1999, 2020, 2021, 9999]), rng.randrange(14), rng.randrange(33)
    week = f"{year:04}-W{rng.randrange(55):02}-{rng.randrange(9)}"
    days = [f"{year:04}-{month:02}-{day:02}"] * 3 + [
        f"{year:04}-{month:02}",
        f"{year}-{rng.randrange(400):03}",
        week,
    ]
    clock = f"T{rng.randrange(26):02}:{rng.randrange(62):02}"
    seconds = rng.choice(["", f":{rng.randrange(62):02}", ":30.123", ":30,5"])
    zone = rng.choice(["", "Z", "+01:00", "-0530", "+01", "+24:00", "z"])
    return rng.choice(days) + rng.choice(["", clock + seconds + zone, "T09" + zone])


def _cycle(rng: random.Random) -> str:
    repeated = rng.choice(["R", "R3", "R0", "R-1", "R2147483648", "r3", ""])
    parts = rng.choice([(_duration,), (_moment, _duration), (_duration, _moment), (_moment, _moment), ()])
    return "/".join([repeated, *(part(rng) for part in parts)])


def _cron(rng: random.Random) -> str:
    odd = ["?", "L", "15W", "6#3", "x", "5-1", "*/0", "L-3", "LW", "FRIL", "MON/2", "JAN-MAR", "1,2,"]

    def field(maximum: int) -> str:
        one, other = sorted([rng.randrange(maximum + 2), rng.randrange(maximum + 2)])
        usual = ["*", "*", f"{one}", f"{one}-{other}", f"{one},{other}", f"*/{other}", f"{one}/{other}"]
        return rng.choice(usual if rng.random() < 0.9 else odd)

    return " ".join(field(maximum) for maximum in (59, 59, 23, 31, 12, 7)[: rng.choice([6, 6, 6, 5])])


GENERATORS: dict[str, list[Callable[[random.Random], str]]] = {
    "timeDuration": [_duration, _duration, _moment, _cycle],
    "timeDate": [_moment, _moment, _duration],
    "timeCycle": [_cycle, _cycle, _cron, _duration],
}
