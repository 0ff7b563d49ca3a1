"""Common schemas of the services' requests and answers, from which the OpenAPI descriptions are generated."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=1000, pattern=NO_NUL)]
# in a path; without a maximum length, because an unknown text is answered by 404 anyway
PathText = Annotated[str, Field(pattern=NO_NUL)]


def _to_integer(value: Any) -> Any:
    """Convert 3.0 to 3: JSON has only one type of numbers."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# must follow the limits in Annotated, otherwise the OpenAPI description lacks them
TO_INTEGER = BeforeValidator(_to_integer)
Integer = Annotated[int, Field(ge=-1_000_000, le=1_000_000), TO_INTEGER]


class Body(BaseModel):
    """JSON object of a request, without type coercion ("3" isn't a number)."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CasePath(BaseModel):
    case_reference: PathText


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EmptyAnswer(Answer):
    pass


class Problem(Answer):
    code: str = Field(description="for programs")
    message: str = Field(description="for people")


class Idempotent(BaseModel):
    """Headers of an idempotent request."""

    key: str = Field(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A repeated key is answered with the first answer and has no second effect.",
    )
