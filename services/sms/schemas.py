"""Requests and answers of the SMS gateway's API."""

from __future__ import annotations

from pydantic import BaseModel, Field

from services.schemas import Answer, Body, PathText, Text


class SentQuery(BaseModel):
    to: PathText = ""


class KeyQuery(BaseModel):
    key: PathText = Field("", description="Idempotency-Key of the message")


class Message(Body):
    to: Text
    text: Text


class MessageAnswer(Answer):
    message_id: str


class SentMessage(Answer):
    to: str
    text: str


class SentAnswer(Answer):
    messages: list[SentMessage]
