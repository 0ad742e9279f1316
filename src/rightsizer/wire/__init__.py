"""Other people's JSON ⇄ our types. Nothing of a log is lost on the way in and out."""

from rightsizer.wire.chat import message_from_chat, message_to_chat
from rightsizer.wire.formats import FORMATS, read_record, read_records
from rightsizer.wire.record import call_from_record, record_from_call
from rightsizer.wire.request import request_from_chat, request_to_chat
from rightsizer.wire.unread import Unread

__all__ = [
    "FORMATS",
    "Unread",
    "call_from_record",
    "message_from_chat",
    "message_to_chat",
    "read_record",
    "read_records",
    "record_from_call",
    "request_from_chat",
    "request_to_chat",
]
