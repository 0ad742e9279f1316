"""Secrets of no fixed form, and what merely looks like one."""

from __future__ import annotations

import pytest

from rightsizer.curation.pii import scan
from rightsizer.curation.recognizers.secrets import SECRET_TYPES, entropy_bits, looks_random


def secrets(text: str) -> list[str]:
    return [text[s.start : s.end] for s in scan(text) if s.type in SECRET_TYPES]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"api_key": "9f8b2c7d1e6a4f3b8c2d"', "9f8b2c7d1e6a4f3b8c2d"),
        ("API_KEY=Zx81kQp0LmT4vB7nR2sW", "Zx81kQp0LmT4vB7nR2sW"),
        ("the client secret is Zx81kQp0-LmT4vB7nR2sW", "Zx81kQp0-LmT4vB7nR2sW"),
        ("密钥：Zx81kQp0LmT4vB7nR2sW。", "Zx81kQp0LmT4vB7nR2sW"),
        ("password: hunter2!", "hunter2!"),
        ('{"db_password": "tr0ub4dor&3"}', "tr0ub4dor&3"),
        ("DB_PASSWORD=Xk4$mPq9", "Xk4$mPq9"),
        ("密码是abc12345，不要外传", "abc12345"),
        ("mysql://root:s3cr3tPw@10.0.0.5/db", "s3cr3tPw"),
    ],
)
def test_found(text: str, value: str) -> None:
    assert value in secrets(text)


@pytest.mark.parametrize(
    "text",
    [
        "your password is required",
        "password: ********",
        "password = os.environ['DB_PASSWORD']",
        "API_KEY=your_api_key_here",
        "api_key: <YOUR_API_KEY>",
        "api_key=${API_KEY}",
        "token: null",
        "secret_key = config.secret_key",
        "password reset link",
        "max_tokens=4096, token_type: bearer_token_name",
        "total_tokens: 123456789012",
        "tokenizer: meta-llama-3-8b-instruct",
        "AKIAIOSFODNN7EXAMPLE",
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "commit 9f8b2c7d1e6a4f3b8c2d9f8b2c7d1e6a4f3b8c2d",
        "id 550e8400-e29b-41d4-a716-446655440000",
        "sk-learn and task-oriented-dialogue-systems-for-everyone",
        "密码错误，请重试",
        "https://example.com:8080/path@x",
        "key: primary-key-of-the-table",
        "secret: the-treasure-of-the-sierra",
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ\n-----END PUBLIC KEY-----",
        "hf_model and npm_install",
        "Bearer of good news today everyone",
    ],
)
def test_hard_negatives(text: str) -> None:
    assert secrets(text) == []


def test_entropy() -> None:
    assert entropy_bits("") == 0.0
    assert entropy_bits("aaaa") == 0.0
    assert entropy_bits("abcd") == 2.0
    assert looks_random("Zx81kQp0LmT4vB7nR2sW")
    assert not looks_random("hello_world_123")
