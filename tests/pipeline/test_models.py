"""What a task needs of a model is read off its calls."""

from __future__ import annotations

from rightsizer.config import load_settings
from rightsizer.pipeline.models import USUAL, languages, models_for, shared_tokens
from rightsizer.types import Call, Message, Request, TextPart


def request(*texts: str) -> Request:
    return Request(messages=[Message(role="user", parts=[TextPart(content=t)]) for t in texts])


def call(*texts: str) -> Call:
    return Call(id="c", session_id="s", request=request(*texts))


def test_languages() -> None:
    assert languages([request("Where is my order?")]) == ("en",)
    assert languages([request("我的订单在哪里")]) == ("zh",)
    assert languages([request("请用中文回答。Translate: where is my order")]) == ("zh", "en")
    assert languages([request("Greet Mr. 王 and tell him that the parcel is on its way to the city")]) == (
        "en",
    )
    assert languages([]) == ("en",)


def test_the_shared_beginning() -> None:
    same = "You are a helpful assistant of a shop. " * 20
    assert shared_tokens([call(same + "a"), call(same + "b"), call(same + "abc")]) > 100
    assert shared_tokens([call("a"), call("b")]) < 5
    assert shared_tokens([call(same)]) == 0


def test_the_settings_choose_device_and_use(tmp_path) -> None:
    settings = load_settings(tmp_path, {"candidates.device": "rtx-4090-24gb", "candidates.use": "research"})
    device, ranked = models_for(settings, USUAL)
    assert device.name == "rtx-4090-24gb"
    small, _ = models_for(settings, USUAL, device="phone-8gb")
    assert small.name == "phone-8gb"
    assert sum(r.accepted for r in ranked) > 20
