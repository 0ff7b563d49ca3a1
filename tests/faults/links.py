"""The links of a platform: one for each connection from part to part, and one in front of several engines."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit

from config.settings import Settings, environment_name
from stack.parts import CALLS, Part
from tests.faults.link import Link
from tests.support.ports import free_port


class Links(ExitStack):
    """A context with all links of a platform.

    Attributes:
        all: by the names of the calling and the called part.
    """

    def __init__(self) -> None:
        super().__init__()
        self.all: dict[tuple[str, str], Link] = {}

    def between(self, parts: list[Part], settings: Settings) -> list[Part]:
        """Return the parts with settings by which each calls the others through links."""
        return [self._calling_by_links(part, settings) for part in parts]

    def before_nodes(self, parts: list[Part], count: int) -> list[Part]:
        """Return the parts with several engines; a link at the engine's port leads to the first reachable one."""
        [engine] = [part for part in parts if part.name == "engine"]
        nodes = [_node(engine, number) for number in range(1, count + 1)]
        self.enter_context(Link(*(node.url for node in nodes), port=urlsplit(engine.url).port))
        return [*nodes, *(part for part in parts if part is not engine)]

    def _calling_by_links(self, part: Part, settings: Settings) -> Part:
        urls: dict[str, str] = {}
        for other in CALLS.get(part.name, ()):
            target = getattr(settings, other)
            address = f"{target.host}:{target.port}"
            link = self.all[part.name, other] = self.enter_context(Link(address))
            urls |= (
                {environment_name("mail", "port"): str(link.port)}
                if other == "mail"
                else {environment_name(other, "url"): link.url}
            )
        return replace(part, environment={**part.environment, **urls})


def _node(engine: Part, number: int) -> Part:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    return replace(
        engine,
        name=f"engine-{number}",
        environment={**engine.environment, "ENGINE_PORT": str(port)},
        url=url,
        ready=engine.ready.replace(engine.url, url),
        # the first one creates the tables
        needs=("engine-1",) if number > 1 else (),
    )
