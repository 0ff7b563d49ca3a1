"""What stands between the parts: a link for each way from one to another, and one before several engines."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

from config.settings import Settings, environment_name
from stack.parts import CALLS, Part
from tests.faults.link import Link
from tests.support.ports import free_port


class Links(ExitStack):
    """All links of a platform; they end with it.

    Attributes:
        all: by the names of both ends.
    """

    def __init__(self) -> None:
        super().__init__()
        self.all: dict[tuple[str, str], Link] = {}

    def between(self, parts: list[Part], settings: Settings) -> list[Part]:
        """The parts, each calling the others by links."""
        return [self._calling_by_links(part, settings) for part in parts]

    def before_nodes(self, parts: list[Part], count: int) -> list[Part]:
        """The parts with several engines; at the engine's own port the first of them that answers is asked."""
        [engine] = [part for part in parts if part.name == "engine"]
        nodes = [_node(engine, number) for number in range(1, count + 1)]
        self.enter_context(Link(*(node.url for node in nodes), port=urlsplit(engine.url).port))
        return [*nodes, *(part for part in parts if part is not engine)]

    def _calling_by_links(self, part: Part, settings: Settings) -> Part:
        told: dict[str, str] = {}
        for other in CALLS.get(part.name, ()):
            at = getattr(settings, other)
            address = f"{at.host}:{at.port}"
            link = self.all[part.name, other] = self.enter_context(Link(address))
            told |= (
                {environment_name("mail", "port"): str(link.port)}
                if other == "mail"
                else {environment_name(other, "url"): link.url}
            )
        return replace(part, environment={**part.environment, **told})


def _node(engine: Part, number: int) -> Part:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    return replace(
        engine,
        name=f"engine-{number}",
        environment={**engine.environment, "ENGINE_PORT": str(port)},
        url=url,
        ready=engine.ready.replace(engine.url, url),
        # the first one makes the tables
        needs=("engine-1",) if number > 1 else (),
    )
