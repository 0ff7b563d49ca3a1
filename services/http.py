"""What the lab's and the government's servers share: the API key, errors as JSON, effects that happen once."""

from __future__ import annotations

import functools
import hashlib
import hmac
import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peewee
from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from hosting.databases import AWAY, empty_journal
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


def create_service(name: str, api_key: str, description: Path, database: peewee.Database) -> Flask:
    """A Flask application with health, its OpenAPI description, and the API key asked for on all else.

    Args:
        name: the service's folder, such as lab.

    Raises:
        SchemaMismatch: this version can't work with the database as it is.
    """
    schema_of(database, name).check()
    app = Flask(f"services.{name}")
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
    def connect() -> None:
        database.connect(reuse_if_open=True)

    @app.after_request
    def leave_nothing(answer: Response) -> Response:
        if request.method == "DELETE":
            empty_journal(database)
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

    for kind in AWAY:
        app.register_error_handler(kind, away)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> BaseResponse:
        """Its headers stay: which methods are allowed, when to come back."""
        answer = error.get_response()
        code = (error.name or "error").lower().replace(" ", "_")
        answer.data = jsonify(code=code, message=error.description).data
        answer.content_type = "application/json"
        return answer

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        return {"status": "up"}

    @app.get("/openapi.yaml")
    def openapi() -> Response:
        return Response(description.read_text(encoding="utf-8"), mimetype="application/yaml")

    return app


def body_with(**fields: type | tuple[type, ...]) -> dict[str, Any]:
    """The request's JSON body with these fields of these types; a Problem names what is missing or wrong.

    A field whose types include NoneType may be left out.
    """
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        raise Problem(400, "malformed", "the JSON is nested too deeply") from None
    if not isinstance(body, dict):
        raise Problem(400, "malformed", "send a JSON object")
    for name, kinds in fields.items():
        kinds = kinds if isinstance(kinds, tuple) else (kinds,)
        value = body[name] = _whole(body.get(name), kinds)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            expected = " or ".join(kind.__name__ for kind in kinds)
            raise Problem(400, "malformed", f"{name} must be of type {expected}")
        if isinstance(value, str) and (len(value) > 1000 or "\x00" in value):
            raise Problem(400, "malformed", f"{name} must have at most 1,000 characters, and none of them NUL")
    unknown = set(body) - set(fields)
    if unknown:
        raise Problem(400, "malformed", f"unknown: {', '.join(sorted(unknown))[:200]}")
    return {name: body.get(name) for name in fields}


def _whole(value: Any, kinds: tuple[type, ...]) -> Any:
    """JSON has one kind of number: 3.0 is the integer 3."""
    is_whole = isinstance(value, float) and value.is_integer() and int in kinds and float not in kinds
    return int(value) if is_whole else value


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
        """Wrap a view that answers (JSON object, status)."""

        @functools.wraps(view)
        def answer_once(**arguments: Any) -> Any:
            key = request.headers.get("Idempotency-Key", "")
            if not 1 <= len(key) <= 200 or "\x00" in key:
                raise Problem(400, "no_key", "send a header Idempotency-Key of 1 to 200 characters")
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
