"""Secrets of more than forty kinds in code, logs, JSON and Chinese prose, and hard negatives beside them.

python benchmarks/curation/secret_kinds.py [--misses] [--peer]      (--peer: detect-secrets, if installed)

A secret counts as found when every character of it is covered; a negative counts as a false alarm when
anything in it is called a secret.
"""

from __future__ import annotations

import random
import sys
import uuid
from collections import Counter

from rightsizer.curation.canaries import SECRET_TEMPLATES, canary
from rightsizer.curation.pii import scan
from rightsizer.curation.recognizers.secrets import SECRET_TYPES

AROUND = (
    "{}",
    "export KEY={}",
    'curl -H "X-Key: {}" https://api.example.com/v1',
    '{{"credentials": "{}", "ok": true}}',
    "2026-01-05 12:00:01 ERROR rejected {} (401)",
    "我的凭证是{}，请不要外传。",
    "use `{}` here",
    "config:\n  value: {}\n  retries: 3",
)
# The part of a canary that is secret, where the rest only says so.
PARTS = {
    "AZURE_STORAGE_KEY": lambda v: v.split("=", 1)[1],
    "AZURE_SAS": lambda v: v.rsplit("sig=", 1)[1],
    "URL_CREDENTIALS": lambda v: v.split(":")[2].split("@")[0],
    "AUTHORIZATION_HEADER": lambda v: v.rsplit(" ", 1)[1],
    "GENERIC_SECRET": lambda v: v.split("'")[1],
    "PASSWORD": lambda v: v.split(": ")[1],
}


def negatives(draw: random.Random) -> list[str]:
    def hexadecimal(n: int) -> str:
        return "".join(draw.choices("0123456789abcdef", k=n))

    words = ("order", "status", "refund", "primary", "index", "model", "request", "total", "input", "session")

    def slug(n: int, joint: str) -> str:
        return joint.join(draw.choices(words, k=n))

    return [
        f"commit {hexadecimal(40)}",
        f"sha256:{hexadecimal(64)}",
        f"image@sha256:{hexadecimal(64)} pulled",
        f"request_id={uuid.UUID(hexadecimal(32))}",
        f'"integrity": "sha512-{canary("AZURE_STORAGE_KEY", draw.randrange(999))[11:]}"',
        f'etag: W/"{hexadecimal(32)}"',
        f"max_tokens={draw.randint(100, 99999)}, total_tokens: {draw.randint(10**11, 10**12)}",
        f"api_key: <YOUR_{slug(1, '_').upper()}_KEY>",
        "OPENAI_API_KEY=sk-your-key-here",
        f"api_key=os.environ['{slug(2, '_').upper()}']",
        f"secret_name: {slug(3, '-')}",
        f"token: {slug(3, '_')}",
        f"key: {slug(4, '.')}",
        f"password must contain {draw.randint(8, 16)} characters",
        "password: ${DB_PASSWORD}",
        "Enter your password: ********",
        "the password is incorrect",
        f"primary key {slug(2, '_')}_id of table {slug(1, '')}",
        f"/usr/lib/python3.11/{slug(3, '/')}.py:{draw.randint(1, 999)}",
        f"https://example.org/{slug(2, '/')}?page={draw.randint(1, 99)}&{slug(1, '')}={hexadecimal(8)}",
        f"sk-{slug(4, '-')}",
        f"hf_{slug(1, '')} and npm_{slug(1, '')}",
        f"call_{hexadecimal(24)}",
        f"order #W{draw.randint(10**6, 10**7)} paid by credit_card_{draw.randint(10**6, 10**7)}",
        f"trace {hexadecimal(32)} span {hexadecimal(16)}",
        f"data:image/png;base64,{canary('AZURE_STORAGE_KEY', draw.randrange(999))[11:]}",
        "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ user@host",
        "密码错误，请重新输入密码后登录",
        f"令牌数量：{draw.randint(10**5, 10**7)}",
        f"bearer {slug(3, ' ')}",
    ]


def main() -> None:
    total: Counter[str] = Counter()
    hit: Counter[str] = Counter()
    cases: list[tuple[str, str]] = []
    for kind in SECRET_TEMPLATES:
        for seed in range(40):
            value = canary(kind, 1000 + seed)
            text = AROUND[seed % len(AROUND)].format(value)
            secret = PARTS.get(kind, str)(value)
            at = text.index(secret)
            total[kind] += 1
            found = any(
                s.type in SECRET_TYPES and s.start <= at and s.end >= at + len(secret) for s in scan(text)
            )
            hit[kind] += found
            if not found:
                cases.append((kind, text))
    draw = random.Random(0)
    clean = [text for _ in range(20) for text in negatives(draw)]
    alarms = [t for t in clean if any(s.type in SECRET_TYPES for s in scan(t))]
    n = sum(total.values())
    print(f"{len(total)} kinds, {n} secrets: recall {sum(hit.values()) / n:.4f}; lowest kinds:")
    for kind, count in sorted(total.items(), key=lambda kc: hit[kc[0]] / kc[1])[:4]:
        print(f"  {kind:24} {hit[kind] / count:.3f}")
    print(f"{len(clean)} hard negatives: {len(alarms)} false alarms ({len(alarms) / len(clean):.3f})")
    if "--misses" in sys.argv:
        for line in (*cases[:20], *alarms[:20]):
            print(line)
    if "--peer" in sys.argv:
        peer(clean)


def peer(clean: list[str]) -> None:
    """detect-secrets with its default plugins, on the same texts."""
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    with default_settings():
        texts = [canary(kind, 1000 + seed) for kind in SECRET_TEMPLATES for seed in range(40)]
        framed = [AROUND[i % 40 % len(AROUND)].format(t) for i, t in enumerate(texts)]
        found = sum(any(list(scan_line(line)) for line in text.splitlines()) for text in framed)
        alarms = sum(bool(list(scan_line(text))) for text in clean)
    print(f"detect-secrets: {found / len(framed):.4f} of secrets, {alarms / len(clean):.3f} of negatives")


if __name__ == "__main__":
    main()
