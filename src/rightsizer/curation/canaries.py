"""Values of every sensitive kind that belong to nobody: planted in logs to see that none survives.

Numbers carry valid check digits, keys have the issuers' forms. Written independently of the
recognisers (from templates, not from their expressions), so that tests of these mean something.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable

from rightsizer.curation.recognizers import check_digits as c

_HEX = "0123456789abcdef"
_ALNUM = string.ascii_letters + string.digits
_ALPHABETS = {
    "d": string.digits,
    "n": "23456789",  # digits that may lead
    "h": _HEX,
    "H": _HEX.upper(),
    "a": string.ascii_lowercase,
    "A": string.ascii_uppercase,
    "L": string.ascii_letters,
    "w": _ALNUM,
    "W": _ALNUM + "_-",
    "B": "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567",
    "b": _ALNUM + "+/",
    "U": string.ascii_uppercase + string.digits,
    "u": string.ascii_lowercase + string.digits,
    "K": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",
    "q": "qpzry9x8gf2tvdw0s3jn54khce6mua7l",
}
_FIELD = re.compile(r"\{(\w):(\d+)\}")

# kind → template; {alphabet:length}
SECRET_TEMPLATES: dict[str, str] = {
    "AWS_ACCESS_KEY": "AKIA{B:16}",
    "ANTHROPIC_KEY": "sk-ant-api03-{W:93}AA",
    "OPENAI_KEY": "sk-proj-{w:74}T3BlbkFJ{w:73}A",
    "OPENROUTER_KEY": "sk-or-v1-{h:64}",
    "HUGGINGFACE_TOKEN": "hf_{L:34}",
    "GROQ_KEY": "gsk_{w:52}",
    "PERPLEXITY_KEY": "pplx-{w:48}",
    "REPLICATE_TOKEN": "r8_{w:37}",
    "XAI_KEY": "xai-{w:80}",
    "LANGFUSE_KEY": "sk-lf-{h:8}-{h:4}-{h:4}-{h:4}-{h:12}",
    "LANGSMITH_KEY": "lsv2_pt_{h:32}_{h:10}",
    "GOOGLE_API_KEY": "AIza{W:34}x",
    "GOOGLE_OAUTH": "GOCSPX-{W:27}x",
    "GITHUB_TOKEN": "ghp_{w:36}",
    "GITLAB_TOKEN": "glpat-{w:20}",
    "BITBUCKET_TOKEN": "ATBB{w:32}",
    "ATLASSIAN_TOKEN": "ATATT3xFfGF0{W:170}={H:8}",
    "SLACK_TOKEN": "xoxb-{d:12}-{d:12}-{w:24}",
    "SLACK_APP_TOKEN": "xapp-1-A{U:10}-{d:13}-{h:64}",
    "SLACK_WEBHOOK": "https://hooks.slack.com/services/T{U:10}/B{U:10}/{w:24}",
    "DISCORD_WEBHOOK": "https://discord.com/api/webhooks/{d:18}/{W:67}x",
    "DISCORD_TOKEN": "MT{w:24}.{w:6}.{W:37}x",
    "TEAMS_WEBHOOK": (
        "https://acme.webhook.office.com/webhookb2/{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"
        "@{h:8}-{h:4}-{h:4}-{h:4}-{h:12}/IncomingWebhook/{h:32}/{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"
    ),
    "STRIPE_KEY": "sk_live_{w:24}",
    "STRIPE_WEBHOOK_SECRET": "whsec_{w:32}",
    "SQUARE_TOKEN": "sq0csp-{W:42}x",
    "SHOPIFY_TOKEN": "shpat_{h:32}",
    "PAYPAL_TOKEN": "access_token$production${u:16}${h:32}",
    "SENDGRID_KEY": "SG.{w:22}.{W:42}x",
    "MAILGUN_KEY": "key-{h:32}",
    "MAILCHIMP_KEY": "{h:32}-us12",
    "TWILIO_KEY": "SK{h:32}",
    "TELEGRAM_TOKEN": "{n:1}{d:9}:AA{w:33}",
    "NPM_TOKEN": "npm_{w:36}",
    "PYPI_TOKEN": "pypi-AgEIcHlwaS5vcmc{w:120}",
    "RUBYGEMS_TOKEN": "rubygems_{h:48}",
    "DOCKER_TOKEN": "dckr_pat_{w:27}",
    "DIGITALOCEAN_TOKEN": "dop_v1_{h:64}",
    "DATABRICKS_TOKEN": "dapi{h:32}",
    "HASHICORP_TOKEN": "hvs.{w:90}",
    "NEW_RELIC_KEY": "NRAK-{U:27}",
    "SENTRY_TOKEN": "sntrys_{w:80}",
    "GRAFANA_TOKEN": "glsa_{w:32}_{h:8}",
    "LINEAR_KEY": "lin_api_{w:40}",
    "NOTION_TOKEN": "ntn_{w:46}",
    "AIRTABLE_TOKEN": "pat{w:14}.{h:64}",
    "POSTMAN_KEY": "PMAK-{h:24}-{h:34}",
    "FIGMA_TOKEN": "figd_{w:40}",
    "DYNATRACE_TOKEN": "dt0c01.{U:24}.{U:64}",
    "SUPABASE_KEY": "sbp_{h:40}",
    "VERCEL_TOKEN": "vcp_{w:56}",
    "AGE_KEY": "AGE-SECRET-KEY-1{K:58}",
    "ALIBABA_ACCESS_KEY": "LTAI5t{w:18}",
    "TENCENT_SECRET_ID": "AKID{w:32}",
    "AZURE_STORAGE_KEY": "AccountKey={b:86}==",
    "AZURE_SAS": "https://acme.blob.core.windows.net/c/b?sv=2022-11-02&sig={w:43}%3D",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJ{w:60}.{W:42}x",
    "URL_CREDENTIALS": "postgres://svc_{a:5}:{w:16}@db.internal:5432/app",
    "PRIVATE_KEY": "-----BEGIN RSA PRIVATE KEY-----\n{b:64}\n{b:64}\n{b:40}==\n-----END RSA PRIVATE KEY-----",
    "AUTHORIZATION_HEADER": "Authorization: Bearer {w:40}",
    "GENERIC_SECRET": "client_secret = '{w:32}'",
    "PASSWORD": "password: {w:8}9!{a:2}",
}

_NUMBER_TEMPLATES: dict[str, tuple[str, Callable[[str], bool]]] = {
    "CREDIT_CARD": ("4{d:15}", c.luhn),
    "CN_USCC": ("9111{d:4}MA{U:7}{U:1}", c.cn_uscc),
    "US_SSN": ("{n:1}{d:2}-{n:1}{d:1}-{d:4}", c.us_ssn),
    "IN_AADHAAR": ("{n:1}{d:3} {d:4} {d:4}", c.verhoeff),
    "BR_CPF": ("{d:3}.{d:3}.{d:3}-{d:2}", c.cpf),
    "TW_ID": ("{A:1}1{d:8}", c.tw_id),
    "ES_NIF": ("{d:8}{A:1}", lambda v: v[-1] not in "IOU" and c.es_nif(v)),
    "SG_NRIC": ("S{d:7}{A:1}", c.sg_nric),
    "IBAN_CODE": ("DE{d:2}{d:18}", c.mod97),
    "VIN": ("1HGCM{d:1}2{d:1}{U:1}{d:1}A{d:6}", lambda v: not set(v) & set("IOQ") and c.vin(v)),
}
_PLAIN_TEMPLATES: dict[str, str] = {
    "EMAIL_ADDRESS": "{a:8}.{a:5}{d:2}@{a:7}.example.com",
    "PHONE_NUMBER": "13{d:9}",
    "IP_ADDRESS": "203.{n:1}1.1{n:1}{n:1}.{n:2}",
    "MAC_ADDRESS": "{h:2}:{h:2}:{h:2}:{h:2}:{h:2}:{h:2}",
    "CN_LICENSE_PLATE": "京A{d:5}",
    "CRYPTO": "0x{h:40}",
}

KINDS = (*SECRET_TEMPLATES, *_NUMBER_TEMPLATES, *_PLAIN_TEMPLATES, "CN_ID_CARD")


def canary(kind: str, seed: int = 0) -> str:
    """A value of `kind` (one of `KINDS`), the same for the same seed. Some secrets bring their context."""
    draw = random.Random(f"{kind}:{seed}")
    if kind == "CN_ID_CARD":
        return _cn_id(draw)
    if kind not in _NUMBER_TEMPLATES:
        return _filled(SECRET_TEMPLATES.get(kind) or _PLAIN_TEMPLATES[kind], draw)
    template, holds = _NUMBER_TEMPLATES[kind]
    return next(v for v in iter(lambda: _filled(template, draw), "") if holds(v))


def _filled(template: str, draw: random.Random) -> str:
    return _FIELD.sub(lambda m: "".join(draw.choices(_ALPHABETS[m[1]], k=int(m[2]))), template)


def _cn_id(draw: random.Random) -> str:
    born = f"{draw.randint(1940, 2015)}{draw.randint(1, 12):02}{draw.randint(1, 28):02}"
    region = draw.choice(("110105", "310115", "440305", "330106", "510104", "610113"))
    body = f"{region}{born}{draw.randint(1, 999):03}"
    return next(body + last for last in "0123456789X" if c.cn_id(body + last))
