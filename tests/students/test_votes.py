"""Votes stop as soon as one answer leads, and sureness grows with the lead."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from rightsizer.students.chat_server import Completion
from rightsizer.students.votes import ask
from rightsizer.types import Message, TextPart


def said(text: str, *logprobs: float) -> Completion:
    return Completion(Message(role="assistant", parts=(TextPart(content=text),)), "stop", logprobs)


def script(*answers: str | None) -> Callable[[int], Completion | None]:
    return lambda i: None if answers[i] is None else said(str(answers[i]))


def test_one_vote_is_as_sure_as_its_tokens() -> None:
    assert ask(lambda _: said("a", -0.5, -0.5), ahead=2, most=1).confidence < 0.61
    assert ask(lambda _: said("a"), ahead=2, most=1).confidence == 0.5


def test_it_stops_when_one_is_ahead() -> None:
    vote = ask(script("a", "a", "b", "b", "b"), ahead=2, most=9)
    assert (vote.n_votes, vote.leader and vote.leader.message.text) == (2, "a")


def test_the_first_of_equals_leads_when_votes_run_out() -> None:
    vote = ask(script("a", "b"), ahead=2, most=2)
    assert vote.leader is not None
    assert vote.leader.message.text == "a"
    assert vote.confidence == 0.5


def test_invalid_answers_are_votes_for_nothing() -> None:
    vote = ask(script(None, None, "a"), ahead=2, most=3)
    assert vote.confidence == (1 + 1) / (3 + 2)
    assert ask(script(None, None), ahead=1, most=2).leader is None


@given(st.lists(st.sampled_from(["a", "b", None]), min_size=9, max_size=9), st.integers(1, 4))
def test_never_more_than_allowed_and_always_in_range(answers: list[str | None], ahead: int) -> None:
    vote = ask(script(*answers), ahead=ahead, most=9)
    assert vote.n_votes <= 9
    assert 0.0 <= vote.confidence <= 1.0
