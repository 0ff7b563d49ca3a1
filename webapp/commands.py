"""Commands to the engine with the answers to a form: start a case, complete a task, correlate a message.

Drafts and submissions store their command as JSON; its format must stay readable, because installations have such rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypedDict, cast

from camunda7.engine import EngineRefused
from processes.cases import start_case
from processes.engine import Engine


class UndeliverableCommand(Exception):
    """The process instance doesn't wait for the command any more, or its content can't be decrypted."""


class FormContext(TypedDict, total=False):
    """Variables of the case that a form's pages show beside its fields, as they were when the form was opened.

    Attributes:
        refused: the process variable contacts_refused.
        for_whom: whom the answers are for.
        given_name: of the patient.
    """

    refused: list[dict[str, Any]] | None
    date_of_birth: str | None
    orientation: str | None
    for_whom: str | None
    given_name: str | None


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """One command to the engine, which takes effect once.

    Attributes:
        kind: the class, in JSON.
        opens_case: whether the browser that submits the form may open the case.
        key: key of the submission, and idempotency key of a message.
        emergency_signs_only: the answers are those of the form's first page, which found an emergency.
    """

    kind: ClassVar[str]
    opens_case: ClassVar[bool] = False

    case_reference: str
    key: str
    context: FormContext = field(default_factory=FormContext)
    emergency_signs_only: bool = False

    @abstractmethod
    def deliver(self, engine: Engine, answers: dict[str, Any], policy: dict[str, Any], language: str | None) -> None:
        """Send the command to the engine.

        Args:
            answers: the values of the form's fields.
            policy: durations and limits of new cases.
            language: the patient's language.

        Raises:
            UndeliverableCommand: the process instance doesn't wait for the command any more.
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
        exposed_to: the token of the notification, if the patient is a notified contact.
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
            # completed already, perhaps by an earlier attempt whose response was lost
            raise UndeliverableCommand(f"the task is completed (HTTP {error.status})") from None

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
            raise UndeliverableCommand("no case waits for it") from None

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        return cls(message=stored["message"], **_common_fields(stored))

    def to_json(self) -> dict[str, Any]:
        return {**super().to_json(), "message": self.message}


COMMANDS: dict[str, type[Command]] = {command.kind: command for command in (StartCase, CompleteTask, CorrelateMessage)}


def command_from_json(stored: dict[str, Any]) -> Command:
    return COMMANDS[stored["kind"]].from_json(stored)


def _common_fields(stored: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of Command."""
    context = {name: stored[name] for name in FormContext.__optional_keys__ if name in stored}
    return {
        "case_reference": stored["case"],
        "key": stored["key"],
        "context": cast(FormContext, context),
        "emergency_signs_only": stored.get("emergency_signs_only", False),
    }
