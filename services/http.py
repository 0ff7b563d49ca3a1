"""Common parts of the services' HTTP servers: API key, OpenAPI description, errors as JSON, and idempotency keys."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import peewee
import yaml
from flask import Response, g, jsonify, request
from flask_openapi3 import Info, License, OpenAPI
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from hosting.databases import DATABASE_ERRORS, truncate_journal
from services import schemas
from services.database import describe_outage, schema_of

log = logging.getLogger("services")

PUBLIC_PATHS = ("/healthz", "/openapi.yaml")
MAX_CONTENT_LENGTH = 1_000_000
# between two lines of an outage of the database
LOG_GAP_S = 60.0
REPLAYED = {"Idempotent-Replayed": "true"}


class Problem(Exception):
    """A refused or failed request, answered as JSON with a code for programs and a message for people."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def problem_response(description: str) -> dict[str, Any]:
    """Return the OpenAPI response object of an answer with a Problem."""
    schema = {"$ref": f"#/components/schemas/{schemas.Problem.__name__}"}
    return {"description": description, "content": {"application/json": {"schema": schema}}}


@dataclass(frozen=True)
class RawBodies:
    """Paths whose requests have bodies of other formats than JSON, and keys of their own.

    Attributes:
        prefix: of the paths.
        max_bytes: of a body.
        keys: accepted for these paths in addition to the service's key, by the name of the sender.
    """

    prefix: str
    max_bytes: int
    keys: Mapping[str, str] = field(default_factory=dict)

    def contains(self, path: str) -> bool:
        return path == self.prefix or path.startswith(f"{self.prefix}/")


MALFORMED = problem_response("Malformed; the message names the error")
UNAUTHORIZED = problem_response("The API key is missing or wrong")
KEY_REUSED = problem_response("key_reused: the Idempotency-Key was used for another request")
# OpenAPI extension of a path without API key
PUBLIC: dict[str, Any] = {"security": []}


def create_service(
    name: str, title: str, purpose: str, api_key: str, database: peewee.Database, raw: RawBodies | None = None
) -> OpenAPI:
    """Create a Flask application with a health check, its OpenAPI description, and an API key for all other paths.

    Args:
        name: the service's folder, such as lab.
        title: title of the description.
        purpose: text of the description.
        raw: paths that don't take JSON.

    Raises:
        SchemaMismatch: this version can't use the database.
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
        validation_error_callback=_raise_problem,
        doc_ui=False,
    )
    app.config["MAX_CONTENT_LENGTH"] = MAX_CONTENT_LENGTH
    app.before_request(functools.partial(_require_api_key, api_key, raw))
    app.before_request(_refuse_nul)
    app.before_request(functools.partial(_check_body, raw))
    _manage_connection(app, database)
    app.register_error_handler(Problem, _answer_problem)
    app.register_error_handler(HTTPException, _answer_http_error)
    _handle_database_errors(app, name)
    _add_public_routes(app)
    return app


def _require_api_key(api_key: str, raw: RawBodies | None) -> None:
    """Refuse a request without a key; `g.sender` is the name of a sender with a key of its own, and else empty."""
    sent = request.headers.get("X-API-Key", "").encode()
    keys = {"": api_key, **(raw.keys if raw and raw.contains(request.path) else {})}
    # all keys are compared, so that the duration doesn't say which one begins alike
    senders = [sender for sender, key in keys.items() if hmac.compare_digest(sent, key.encode())]
    if not senders and request.path not in PUBLIC_PATHS:
        raise Problem(401, "unauthorized", "send the API key in the header X-API-Key")
    g.sender = senders[0] if senders else ""


def _refuse_nul() -> None:
    """Refuse NUL in the URL, which PostgreSQL can't store in a text."""
    if any("\x00" in text for text in (request.path, *request.args.values())):
        raise Problem(400, "malformed", "a URL must not contain NUL")


def _check_body(raw: RawBodies | None) -> None:
    """Refuse a JSON string, whose content flask-openapi3 would parse as JSON again, and too deeply nested JSON."""
    if raw and raw.contains(request.path):
        request.max_content_length = raw.max_bytes
        return
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        raise Problem(400, "malformed", "the JSON is nested too deeply") from None
    if isinstance(body, str):
        raise Problem(400, "malformed", "send a JSON object")


def _manage_connection(app: OpenAPI, database: peewee.Database) -> None:
    """Open a database connection for each request, and close it afterwards."""

    @app.before_request
    def connect() -> None:
        database.connect(reuse_if_open=True)

    @app.after_request
    def truncate_journal_after_delete(answer: Response) -> Response:
        if request.method == "DELETE":
            truncate_journal(database)
        return answer

    @app.teardown_request
    def disconnect(_: BaseException | None) -> None:
        if not database.is_closed():
            database.close()


def _answer_problem(error: Problem) -> tuple[Response, int]:
    return jsonify(code=error.code, message=error.message), error.status


def _answer_http_error(error: HTTPException) -> BaseResponse:
    """Answer an HTTP error as JSON, with its headers, such as Allow and Retry-After."""
    answer = error.get_response()
    code = (error.name or "error").lower().replace(" ", "_")
    answer.data = jsonify(code=code, message=error.description).data
    answer.content_type = "application/json"
    return answer


def _handle_database_errors(app: OpenAPI, name: str) -> None:
    """Answer errors of the database with 503, and log them at most once within LOG_GAP_S."""
    logged_at = -LOG_GAP_S

    def answer_database_error(error: Exception) -> tuple[Response, int, dict[str, str]]:
        nonlocal logged_at
        message = describe_outage(error, name)
        if time.monotonic() >= logged_at + LOG_GAP_S:
            logged_at = time.monotonic()
            log.warning("%s (%s)", message, type(error).__name__)
        return jsonify(code="unavailable", message=message), 503, {"Retry-After": "5"}

    for kind in DATABASE_ERRORS:
        app.register_error_handler(kind, answer_database_error)


def _add_public_routes(app: OpenAPI) -> None:
    """Add the paths of PUBLIC_PATHS."""

    @app.get("/healthz", responses={200: {"description": "The server is up"}}, openapi_extensions=PUBLIC)
    def healthz() -> dict[str, str]:
        """Check that the server is up."""
        return {"status": "up"}

    @functools.cache
    def description() -> str:
        return yaml.safe_dump(app.api_doc, allow_unicode=True, sort_keys=False)

    @app.get("/openapi.yaml", responses={200: {"description": "OpenAPI 3.1"}}, openapi_extensions=PUBLIC)
    def openapi() -> Response:
        """Return this description."""
        return Response(description(), mimetype="application/yaml")


def _raise_problem(error: ValidationError) -> Any:
    """Raise the first validation error as a Problem, without the value, which may be a patient's."""
    first = error.errors(include_input=False, include_context=False, include_url=False)[0]
    location = ".".join(map(str, first["loc"])) or "body"
    code = "no_key" if location == "Idempotency-Key" else "malformed"
    raise Problem(400, code, f"{location[:200]}: {first['msg']}")


class IdempotencyKeys:
    """Executes a request once per Idempotency-Key.

    A repeated request gets the stored answer with the header Idempotent-Replayed; a different request with the same key
    is refused. Refusals ("no kit left") aren't stored, so that they can be retried. If a view raises a Problem, its
    changes are rolled back; if it returns a status of 400 or more, they are committed.
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
        """Wrap a view that returns a JSON object and a status, and whose parameter `header` is schemas.Idempotent."""

        @functools.wraps(view)
        def answer_once(**arguments: Any) -> Any:
            key = request.headers["Idempotency-Key"]
            try:
                with self._exclusive():
                    return self._execute(key, view, arguments)
            except peewee.IntegrityError:
                stored = self.table.get_or_none(self.table.key == key)
                if stored is None:
                    raise
            if stored.request_hash != _request_hash():
                raise Problem(409, "key_reused", "this Idempotency-Key was used for another request")
            assert stored.answer is not None, "written in the transaction that inserts the key"
            body, status = json.loads(stored.answer)
            return body, status, REPLAYED

        return answer_once

    def delete_case(self, case_reference: str) -> None:
        """Delete the keys of a case, which start with its reference and a slash."""
        self.table.delete().where(self.table.key.startswith(f"{case_reference}/")).execute()

    def _exclusive(self) -> Any:
        """Return a transaction; SQLite takes the write lock at its start, so that a key can't be inserted twice."""
        if isinstance(self._database, peewee.SqliteDatabase):
            return self._database.atomic("IMMEDIATE")
        return self._database.atomic()

    def _execute(self, key: str, view: Callable, arguments: dict[str, Any]) -> tuple[Any, int]:
        # raises IntegrityError if the key is stored already, or inserted by a concurrent request
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
