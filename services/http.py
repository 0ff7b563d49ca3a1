"""What the servers share: the API key, the description, errors as JSON, effects that happen once."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import peewee
import yaml
from flask import Response, jsonify, request
from flask_openapi3 import Info, License, OpenAPI
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from hosting.databases import DATABASE_ERRORS, truncate_journal
from services import schemas
from services.database import describe_outage, schema_of

log = logging.getLogger("services")

OPEN_PATHS = ("/healthz", "/openapi.yaml")
MAX_CONTENT_LENGTH = 1_000_000
# between two lines of an outage of the database
LOG_GAP_S = 60.0
REPEATED = {"Idempotent-Replayed": "true"}


class Problem(Exception):
    """Something the caller did wrong: answered as JSON with a code for machines and a message for people."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def refusal(reason: str) -> dict[str, Any]:
    """The description of an answer with a Problem."""
    schema = {"$ref": f"#/components/schemas/{schemas.Problem.__name__}"}
    return {"description": reason, "content": {"application/json": {"schema": schema}}}


MALFORMED = refusal("Malformed; the message names what is wrong")
UNAUTHORIZED = refusal("The API key is missing or wrong")
KEY_REUSED = refusal("key_reused: the Idempotency-Key was used for another request")
# of a path that is open to all
OPEN: dict[str, Any] = {"security": []}


def create_service(name: str, title: str, purpose: str, api_key: str, database: peewee.Database) -> OpenAPI:
    """A Flask application with health, its OpenAPI description, and the API key asked for on all else.

    Args:
        name: the service's folder, such as lab.
        title: of the description, as is purpose.

    Raises:
        SchemaMismatch: this version can't work with the database as it is.
    """
    schema_of(database, name).check()
    app = OpenAPI(
        f"services.{name}",
        info=Info(
            title=title,
            version="1.0.0",
            description=purpose,
            license=License(name="Apache-2.0", identifier="Apache-2.0"),
        ),
        security_schemes={"ApiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"}},
        openapi_extensions={"security": [{"ApiKey": []}]},
        responses={400: MALFORMED, 401: UNAUTHORIZED},
        validation_error_status=400,
        validation_error_model=schemas.Problem,
        validation_error_callback=_refuse,
        doc_ui=False,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_CONTENT_LENGTH

    @app.before_request
    def ask_for_key() -> None:
        given = request.headers.get("X-API-Key", "")
        if request.path not in OPEN_PATHS and not hmac.compare_digest(given.encode(), api_key.encode()):
            raise Problem(401, "unauthorized", "send the API key in the header X-API-Key")

    @app.before_request
    def refuse_nul() -> None:
        if any("\x00" in text for text in (request.path, *request.args.values())):
            raise Problem(400, "malformed", "an address has no NUL in it")

    @app.before_request
    def refuse_odd_json() -> None:
        """flask-openapi3 reads what is in a JSON text as JSON once more."""
        try:
            body = request.get_json(silent=True)
        except RecursionError:
            raise Problem(400, "malformed", "the JSON is nested too deeply") from None
        if isinstance(body, str):
            raise Problem(400, "malformed", "send a JSON object")

    @app.before_request
    def connect() -> None:
        database.connect(reuse_if_open=True)

    @app.after_request
    def leave_nothing(answer: Response) -> Response:
        if request.method == "DELETE":
            truncate_journal(database)
        return answer

    @app.teardown_request
    def disconnect(_: BaseException | None) -> None:
        if not database.is_closed():
            database.close()

    @app.errorhandler(Problem)
    def problem(error: Problem) -> tuple[Response, int]:
        return jsonify(code=error.code, message=error.message), error.status

    logged_at = -LOG_GAP_S

    def away(error: Exception) -> tuple[Response, int, dict[str, str]]:
        nonlocal logged_at
        message = describe_outage(error, name)
        if time.monotonic() >= logged_at + LOG_GAP_S:
            logged_at = time.monotonic()
            log.warning("%s (%s)", message, type(error).__name__)
        return jsonify(code="unavailable", message=message), 503, {"Retry-After": "5"}

    for kind in DATABASE_ERRORS:
        app.register_error_handler(kind, away)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> BaseResponse:
        """Its headers stay: which methods are allowed, when to come back."""
        answer = error.get_response()
        code = (error.name or "error").lower().replace(" ", "_")
        answer.data = jsonify(code=code, message=error.description).data
        answer.content_type = "application/json"
        return answer

    @app.get("/healthz", responses={200: {"description": "It is"}}, openapi_extensions=OPEN)
    def healthz() -> dict[str, str]:
        """Whether the server is up."""
        return {"status": "up"}

    @functools.cache
    def description() -> str:
        return yaml.safe_dump(app.api_doc, allow_unicode=True, sort_keys=False)

    @app.get("/openapi.yaml", responses={200: {"description": "OpenAPI 3.1"}}, openapi_extensions=OPEN)
    def openapi() -> Response:
        """This description."""
        return Response(description(), mimetype="application/yaml")

    return app


def _refuse(error: ValidationError) -> Any:
    """Raise the Problem of the first thing that is wrong, without the value, which may be a patient's."""
    wrong = error.errors(include_input=False, include_context=False, include_url=False)[0]
    place = ".".join(map(str, wrong["loc"])) or "body"
    code = "no_key" if place == "Idempotency-Key" else "malformed"
    raise Problem(400, code, f"{place[:200]}: {wrong['msg']}")


class Effects:
    """Makes what a request does happen once for each Idempotency-Key.

    A repeated key is answered with the first answer, and a header says so; with another body it is refused. Only what
    was done is kept as the answer: a refusal ("no kit left") is none, whether the view raises a Problem, which undoes
    what it changed, or answers with a status of 400 or more, which doesn't.
    """

    def __init__(self, database: peewee.Database):
        self._database = database

        class Effect(peewee.Model):
            key = peewee.TextField(unique=True)
            request_hash = peewee.TextField()
            answer = peewee.TextField(null=True)

            class Meta:
                table_name = "effect"

        Effect.bind(database)
        self.table = Effect

    def once(self, view: Callable[..., tuple[dict[str, Any], int]]) -> Callable[..., Any]:
        """Wrap a view that answers (JSON object, status), and whose `header` is schemas.Idempotent."""

        @functools.wraps(view)
        def answer_once(**arguments: Any) -> Any:
            key = request.headers["Idempotency-Key"]
            try:
                with self._exclusive():
                    return self._first(key, view, arguments)
            except peewee.IntegrityError:
                known = self.table.get_or_none(self.table.key == key)
                if known is None:
                    raise
            if known.request_hash != _request_hash():
                raise Problem(409, "key_reused", "this Idempotency-Key was used for another request")
            assert known.answer is not None, "it is written in the transaction that adds the key"
            body, status = json.loads(known.answer)
            return body, status, REPEATED

        return answer_once

    def forget(self, case_reference: str) -> None:
        """Forget what was done for a case: its keys begin with the reference, a slash behind it."""
        self.table.delete().where(self.table.key.startswith(f"{case_reference}/")).execute()

    def _exclusive(self) -> Any:
        """One writer at a time, so that a key can't be taken twice."""
        if isinstance(self._database, peewee.SqliteDatabase):
            return self._database.atomic("IMMEDIATE")
        return self._database.atomic()

    def _first(self, key: str, view: Callable, arguments: dict[str, Any]) -> tuple[Any, int]:
        # a key that is known already, or taken at the same moment, fails here
        row = self.table.create(key=key, request_hash=_request_hash())
        body, status = view(**arguments)
        if status < 400:
            row.answer = json.dumps([body, status])
            row.save()
        else:
            row.delete_instance()
        return body, status


def _request_hash() -> str:
    return hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.get_data()).hexdigest()
