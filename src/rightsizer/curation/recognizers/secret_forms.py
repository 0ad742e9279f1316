"""Keys and tokens with a known form: one row a kind.

Forms follow the issuers' documentation, as collected by secret scanners such as gitleaks (MIT).
"""
# ruff: noqa: E501  (a table: one row is one line)

from __future__ import annotations

from rightsizer.curation.recognizers.pattern import B, E

_T = r"(?![A-Za-z0-9_\-])"  # end of a token that may hold - and _

# (type, expression, literals of the gate). The value is group 1 where there is one.
# fmt: off
FORMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("AWS_ACCESS_KEY", B + r"(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z2-7]{16}" + E, ("akia", "asia", "abia", "acca", "a3t")),
    ("ANTHROPIC_KEY", r"sk-ant-(?:api|admin|oat|ort)[0-9]{2}-[A-Za-z0-9_\-]{20,120}", ("sk-ant-",)),
    ("OPENAI_KEY", B + r"sk-(?:proj-|svcacct-|admin-|None-)?[A-Za-z0-9_\-]{0,80}T3BlbkFJ[A-Za-z0-9_\-]{20,80}", ("t3blbkfj",)),
    ("OPENAI_KEY", B + r"sk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_\-]{20,180}|[A-Za-z0-9]{32,64})" + _T, ("sk-",)),
    ("OPENROUTER_KEY", r"sk-or-v1-[0-9a-f]{64}" + E, ("sk-or-",)),
    ("HUGGINGFACE_TOKEN", B + r"(?:hf|api_org)_[A-Za-z]{30,40}" + E, ("hf_", "api_org_")),
    ("GROQ_KEY", B + r"gsk_[A-Za-z0-9]{40,60}" + E, ("gsk_",)),
    ("PERPLEXITY_KEY", B + r"pplx-[A-Za-z0-9]{40,60}" + E, ("pplx-",)),
    ("REPLICATE_TOKEN", B + r"r8_[A-Za-z0-9]{37}" + E, ("r8_",)),
    ("XAI_KEY", B + r"xai-[A-Za-z0-9]{60,90}" + E, ("xai-",)),
    ("LANGFUSE_KEY", B + r"[sp]k-lf-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}" + E, ("k-lf-",)),
    ("LANGSMITH_KEY", B + r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}" + E, ("lsv2_",)),
    ("GOOGLE_API_KEY", B + r"AIza[A-Za-z0-9_\-]{35}" + _T, ("aiza",)),
    ("GOOGLE_OAUTH", B + r"(?:ya29\.[A-Za-z0-9_\-]{20,300}|GOCSPX-[A-Za-z0-9_\-]{28})" + _T, ("ya29.", "gocspx-")),
    ("GITHUB_TOKEN", B + r"(?:gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{50,120})" + E, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_")),
    ("GITLAB_TOKEN", B + r"(?:glpat|gldt|glrt|glptt|glft|glsoat|glcbt|glimt|glagent)-[A-Za-z0-9_\-]{20,64}" + _T, ("glpat-", "gldt-", "glrt-", "glptt-", "glft-", "glsoat-", "glcbt-", "glimt-", "glagent-")),
    ("BITBUCKET_TOKEN", B + r"ATBB[A-Za-z0-9]{28,40}" + E, ("atbb",)),
    ("ATLASSIAN_TOKEN", B + r"ATATT3[A-Za-z0-9_\-=]{60,250}", ("atatt3",)),
    ("SLACK_TOKEN", B + r"xox[abeoprs]-[A-Za-z0-9\-]{11,120}" + E, ("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-")),
    ("SLACK_APP_TOKEN", B + r"xapp-[0-9]-[A-Za-z0-9]{1,20}-[0-9]{1,20}-[a-f0-9]{32,80}" + E, ("xapp-",)),
    ("SLACK_WEBHOOK", r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,80}", ("hooks.slack.com",)),
    ("DISCORD_WEBHOOK", r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/[0-9]{17,20}/[A-Za-z0-9_\-]{60,72}", ("/api/webhooks/",)),
    ("DISCORD_TOKEN", B + r"[MNO][A-Za-z0-9_\-]{23,27}\.[A-Za-z0-9_\-]{6}\.[A-Za-z0-9_\-]{27,38}" + _T, (".",)),
    ("TEAMS_WEBHOOK", r"https://[a-z0-9]{1,60}\.webhook\.office\.com/webhookb2/[A-Za-z0-9@\-]{36,90}/IncomingWebhook/[a-z0-9]{32}/[a-z0-9\-]{36}", ("webhook.office.com",)),
    ("STRIPE_KEY", B + r"(?:sk|rk|pk)_(?:live|test|prod)_[A-Za-z0-9]{10,120}" + E, ("k_live_", "k_test_", "k_prod_")),
    ("STRIPE_WEBHOOK_SECRET", B + r"whsec_[A-Za-z0-9+/=]{24,64}", ("whsec_",)),
    ("SQUARE_TOKEN", B + r"(?:EAAA[A-Za-z0-9_\-+=]{60}|sq0(?:atp|csp|idp)-[A-Za-z0-9_\-]{22,43})" + _T, ("eaaa", "sq0atp-", "sq0csp-", "sq0idp-")),
    ("SHOPIFY_TOKEN", B + r"shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}" + E, ("shpat_", "shpca_", "shppa_", "shpss_")),
    ("PAYPAL_TOKEN", r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}", ("access_token$",)),
    ("SENDGRID_KEY", B + r"SG\.[A-Za-z0-9_\-]{20,24}\.[A-Za-z0-9_\-]{39,50}" + _T, ("sg.",)),
    ("MAILGUN_KEY", B + r"(?:key|pubkey)-[0-9a-f]{32}" + E, ("key-",)),
    ("MAILCHIMP_KEY", B + r"[0-9a-f]{32}-us[0-9]{1,2}" + E, ("-us",)),
    ("TWILIO_KEY", B + r"(?:SK|AC)[0-9a-f]{32}" + E, ("sk", "ac")),
    ("TELEGRAM_TOKEN", B + r"[0-9]{8,10}:AA[A-Za-z0-9_\-]{33}" + _T, (":aa",)),
    ("NPM_TOKEN", B + r"npm_[A-Za-z0-9]{36}" + E, ("npm_",)),
    ("PYPI_TOKEN", B + r"pypi-AgE[A-Za-z0-9_\-]{50,300}", ("pypi-age",)),
    ("RUBYGEMS_TOKEN", B + r"rubygems_[a-f0-9]{48}" + E, ("rubygems_",)),
    ("DOCKER_TOKEN", B + r"dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,60}" + _T, ("dckr_",)),
    ("DIGITALOCEAN_TOKEN", B + r"do[opr]_v1_[a-f0-9]{64}" + E, ("doo_v1_", "dop_v1_", "dor_v1_")),
    ("DATABRICKS_TOKEN", B + r"dapi[a-f0-9]{32}(?:-[0-9])?" + E, ("dapi",)),
    ("HASHICORP_TOKEN", B + r"(?:hv[sbr]\.[A-Za-z0-9_\-]{24,200}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_\-=]{60,70})", ("hvs.", "hvb.", "hvr.", ".atlasv1.")),
    ("NEW_RELIC_KEY", B + r"NR(?:AK|JS|II|RA)-[A-Za-z0-9]{19,40}" + E, ("nrak-", "nrjs-", "nrii-", "nrra-")),
    ("SENTRY_TOKEN", B + r"sntry[su]_[A-Za-z0-9+/=_]{40,250}", ("sntrys_", "sntryu_")),
    ("GRAFANA_TOKEN", B + r"(?:glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/]{32,400}={0,2})", ("glsa_", "glc_")),
    ("LINEAR_KEY", B + r"lin_(?:api|oauth)_[A-Za-z0-9]{32,64}" + E, ("lin_api_", "lin_oauth_")),
    ("NOTION_TOKEN", B + r"(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,50})" + E, ("secret_", "ntn_")),
    ("AIRTABLE_TOKEN", B + r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}" + E, ("pat",)),
    ("POSTMAN_KEY", B + r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}" + E, ("pmak-",)),
    ("FIGMA_TOKEN", B + r"figd_[A-Za-z0-9_\-]{38,48}" + _T, ("figd_",)),
    ("DYNATRACE_TOKEN", B + r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}" + E, ("dt0",)),
    ("SUPABASE_KEY", B + r"sb(?:p|_secret|_publishable)_[A-Za-z0-9_\-]{30,50}" + _T, ("sbp_", "sb_secret_", "sb_publishable_")),
    ("VERCEL_TOKEN", B + r"vc[pikar]_[A-Za-z0-9]{50,60}" + E, ("vcp_", "vci_", "vck_", "vca_", "vcr_")),
    ("AGE_KEY", B + r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}" + E, ("age-secret-key-",)),
    ("ALIBABA_ACCESS_KEY", B + r"LTAI[A-Za-z0-9]{12,26}" + E, ("ltai",)),
    ("TENCENT_SECRET_ID", B + r"AKID[A-Za-z0-9]{32}" + E, ("akid",)),
    ("AZURE_STORAGE_KEY", r"AccountKey=([A-Za-z0-9+/]{86}==)", ("accountkey=",)),
    ("AZURE_SAS", r"[?&]sig=([A-Za-z0-9%+/]{40,60}(?:%3D|=))", ("sig=",)),
    ("JWT", B + r"ey[A-Za-z0-9_\-]{15,2000}\.ey[A-Za-z0-9_\-]{10,4000}\.[A-Za-z0-9_\-]{10,1000}" + _T, (".ey",)),
    ("URL_CREDENTIALS", r"""[A-Za-z][A-Za-z0-9+.\-]{1,20}://[^\s:/@\"'<>{}$]{0,64}:([^\s:/@\"'<>{}$]{3,80})@[A-Za-z0-9\[]""", ("://",)),
    ("PRIVATE_KEY", r"-----BEGIN (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----(?:[A-Za-z0-9+/=\s\\:,\-]{20,8000}?-----END (?:[A-Z]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----|[A-Za-z0-9+/=\s\\]{20,8000})", ("private key",)),
    ("AUTHORIZATION_HEADER", r"""(?i:authorization|proxy-authorization)[\"']?[ ]?[:=][ ]?[\"']?(?i:bearer|basic|token)[ ]([A-Za-z0-9._~+/\-]{12,2000}={0,2})""", ("authorization",)),
    ("AUTHORIZATION_HEADER", B + r"(?i:bearer)[ ]([A-Za-z0-9._~+/\-]{20,2000}={0,2})", ("bearer",)),
)
# fmt: on
