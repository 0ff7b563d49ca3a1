"""Processing of items one by one, where a defective one doesn't hold up the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from hosting.databases import DATABASE_ERRORS

Item = TypeVar("Item")


def process_each(
    items: Iterable[Item],
    process: Callable[[Item], bool],
    postpone: Callable[[Item, Exception], None],
    unavailable_errors: tuple[type[Exception], ...],
    release: Callable[[Item], None] = lambda item: None,
) -> Iterator[tuple[Item, bool]]:
    """Process items one by one; yields each with whether it was processed.

    An error of one item postpones that item and holds up no other. An outage is raised, so that the others wait: what
    processes them can't be reached, or the database can't.

    Args:
        process: processes an item and ends its claim; False if that can't be done yet.
        postpone: ends the claim of an item after its error; raises it if that ends the turn.
        unavailable_errors: errors of the target as a whole, not of an item, in addition to those of the database.
        release: ends the claim of the item that met the outage.
    """
    for item in items:
        try:
            processed = process(item)
        except DATABASE_ERRORS:
            raise
        except unavailable_errors:
            release(item)
            raise
        except Exception as error:
            postpone(item, error)
            processed = False
        yield item, processed
