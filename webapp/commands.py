"""What the engine does with the answers to a form: start a case, complete a task, correlate a message.

A draft keeps its command, and so does a submission until the engine has it. The JSON is that of rows which running
installations have.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypedDict, cast

from camunda7.engine import EngineRefused
from processes.cases import start_case
from processes.engine import Engine


class NotAsked(Exception):
    """The engine doesn't ask for this any more."""


class FormContext(TypedDict, total=False):
    """What a form's pages say of its case beside the form's own fields, as it was when the form was opened.

    Attributes:
        refused: the process variable contacts_refused.
    """

    refused: list[dict[str, Any]] | None
    date_of_birth: str | None
    orientation: str | None


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """One command to the engine, carried out once.

    Attributes:
        kind: names the class in JSON.
        opens_case: the browser that sends the form may open the case.
        key: names the submission; a message is correlated once under it.
        emergency_signs_only: the answers are those of the form's first page, and call for nothing else.
    """

    kind: ClassVar[str]
    opens_case: ClassVar[bool] = False

    case_reference: str
    key: str
    context: FormContext = field(default_factory=FormContext)
    emergency_signs_only: bool = False

    @abstractmethod
    def deliver(self, engine: Engine, answers: dict[str, Any], policy: dict[str, Any], language: str | None) -> None:
        """Have the engine carry it out.

        Args:
            answers: the values of the form's fields.
            policy: the durations and limits that new cases go by.
            language: the one that the patient reads.

        Raises:
            NotAsked: the engine doesn't wait for it any more.
        """

    @classmethod
    @abstractmethod
    def from_json(cls, stored: dict[str, Any]) -> Self: ...

    def to_json(self) -> dict[str, Any]:
        emergency = {"emergency_signs_only": True} if self.emergency_signs_only else {}
        return {"kind": self.kind, "case": self.case_reference, "key": self.key, **self.context, **emergency}


@dataclass(frozen=True, kw_only=True)
class StartCase(Command):
    """Start a case with the answers to the pre-screening.

    Attributes:
        exposed_to: the token of the notified contact by which the patient came.
    """

    kind = "start"
    opens_case = True

    exposed_to: str | None

    def deliver(self, engine: Engine, answers: dict[str, Any], policy: dict[str, Any], language: str | None) -> None:
        start_case(
            engine,
            self.case_reference,
            answers,
            policy,
            exposed_to=self.exposed_to,
            language=language,
            emergency_signs_only=self.emergency_signs_only,
        )

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(exposed_to=stored.get("exposed_to"), **_common_fields(stored))

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "exposed_to": self.exposed_to}


@dataclass(frozen=True, kw_only=True)
class CompleteTask(Command):
    """Complete a user task with the answers to its form."""

    kind = "task"

    task_id: str

    def deliver(self, engine: Engine, answers: dict[str, Any], policy: dict[str, Any], language: str | None) -> None:
        try:
            engine.submit(self.task_id, answers)
        except EngineRefused as error:
            if engine.has_task(self.task_id):
                raise
            # completed already: by an earlier attempt if the engine's answer was lost on its way
            raise NotAsked(error.status) from None

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(task_id=stored["task"], **_common_fields(stored))

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "task": self.task_id}


@dataclass(frozen=True, kw_only=True)
class CorrelateMessage(Command):
    """Correlate a message with a case; the answers are its variables."""

    kind = "message"

    message: str

    def deliver(self, engine: Engine, answers: dict[str, Any], policy: dict[str, Any], language: str | None) -> None:
        try:
            engine.correlate(self.message, self.case_reference, answers, key=self.key)
        except EngineRefused as error:
            if error.status != 400:
                raise
            raise NotAsked("no case waits for it") from None

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(message=stored["message"], **_common_fields(stored))

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "message": self.message}


COMMANDS: dict[str, type[Command]] = {command.kind: command for command in (StartCase, CompleteTask, CorrelateMessage)}


def command_from_json(stored: dict[str, Any]) -> Command:
    return COMMANDS[stored["kind"]].from_json(stored)


def _common_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """The fields of Command."""
    context = {name: stored[name] for name in FormContext.__optional_keys__ if name in stored}
    return {
        "case_reference": stored["case"],
        "key": stored["key"],
        "context": cast(FormContext, context),
        "emergency_signs_only": stored.get("emergency_signs_only", False),
    }
