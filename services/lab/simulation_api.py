"""HTTP API that simulates the staff and machines of a laboratory, for demos and tests."""

from __future__ import annotations

from typing import Any

from flask_openapi3 import OpenAPI

from services.http import KEY_REUSED, IdempotencyKeys, Problem, problem_response
from services.lab import schemas
from services.lab.models import FeedItem, Order, Plan
from services.schemas import EmptyAnswer, Idempotent

NOT_TESTED = problem_response("No test of this sample was ordered, or it has no result yet")


def add_simulation_routes(app: OpenAPI, idempotency: IdempotencyKeys) -> None:
    @app.put("/v1/simulation/results/<sample_barcode>", responses={200: EmptyAnswer})
    def plan_result(path: schemas.SamplePath, body: schemas.PlannedResult) -> tuple[dict[str, Any], int]:
        """Set the result that the simulated lab will report for a sample."""
        Plan.insert(sample_barcode=path.sample_barcode, **body.model_dump()).on_conflict(
            conflict_target=[Plan.sample_barcode], preserve=[Plan.result, Plan.after_s]
        ).execute()
        return {}, 200

    @app.post(
        "/v1/simulation/corrections/<sample_barcode>",
        responses={201: schemas.CorrectionAnswer, 404: NOT_TESTED, 409: KEY_REUSED},
    )
    @idempotency.once
    def correct_result(
        path: schemas.SamplePath, header: Idempotent, body: schemas.CorrectedResult
    ) -> tuple[dict[str, Any], int]:
        """Correct a reported result, or withdraw it as entered in error."""
        order = Order.get_or_none(Order.sample_barcode == path.sample_barcode)
        if order is None:
            raise Problem(404, "not_found", "no test of this sample was ordered")
        if order.state in ("ordered", "running"):
            raise Problem(404, "not_found", "no result of this sample was reported yet")
        is_withdrawn = body.result == "entered_in_error"
        item = FeedItem.create(
            kind="result",
            case_reference=order.case_reference,
            sample_number=order.sample_number,
            sample_barcode=path.sample_barcode,
            status="entered-in-error" if is_withdrawn else "corrected",
            result=None if is_withdrawn else body.result,
        )
        return {"id": item.id}, 201
