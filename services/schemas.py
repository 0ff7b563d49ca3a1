"""What the schemas of the services' requests and answers share; the OpenAPI descriptions are made of them."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, Field(max_length=1000, pattern=NO_NUL)]
# in a path: another one than there is isn't found
PathText = Annotated[str, Field(pattern=NO_NUL)]


def _whole(value: Any) -> Any:
    """JSON has one kind of number: 3.0 is the integer 3."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# a limit must stand before it, or the description lacks that
WHOLE = BeforeValidator(_whole)
Integer = Annotated[int, Field(ge=-1_000_000, le=1_000_000), WHOLE]


class Body(BaseModel):
    """A request's JSON object; no text stands for a number."""

    model_config = ConfigDict(extra="forbid", strict=True)


class CasePath(BaseModel):
    case_reference: PathText


class Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Nothing(Answer):
    pass


class Problem(Answer):
    code: str = Field(description="for machines")
    message: str = Field(description="for people")


class Idempotent(BaseModel):
    """The headers of a request that takes effect once."""

    key: str = Field(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="A repeated key is answered with the first answer and has no second effect.",
    )
