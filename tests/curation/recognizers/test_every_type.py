"""Every type that a pattern recognises: in English, in Chinese, glued to it, at full width, in JSON."""

from __future__ import annotations

import json
import unicodedata

import pytest

from rightsizer.curation.canaries import canary
from rightsizer.curation.pii import PATTERNS, PERSONAL, scan
from rightsizer.curation.recognizers.secrets import SECRET_TYPES
from rightsizer.testing.hidings import full_width

# type → rows of (value, what is said before it in English, and in Chinese)
ROWS: dict[str, list[tuple[str, str, str]]] = {
    "ABA_ROUTING": [("021000021", "routing number", "路由号码")],
    "AU_TFN": [("123 456 782", "tax file number", "澳洲税号")],
    "BR_CPF": [("111.444.777-35", "CPF", "巴西税号")],
    "CA_SIN": [("130 692 544", "social insurance number", "SIN号码")],
    "CN_BANK_CARD": [
        ("6212261234567890123", "bank card", "银行卡号"),
    ],
    "CN_ID_CARD": [("11010519491231002X", "ID", "身份证"), ("110105491231002", "ID card", "老身份证号")],
    "CN_LICENSE_PLATE": [("京A12345", "plate", "车牌"), ("粤BD12345", "plate", "车牌号")],
    "CN_PASSPORT": [("E12345678", "passport", "护照")],
    "CN_SOCIAL_ACCOUNT": [("wx_lin2024", "WeChat:", "微信号"), ("812345679", "QQ", "QQ号")],
    "CN_TRAVEL_PERMIT": [("C12345678", "travel permit", "港澳通行证")],
    "CN_USCC": [(canary("CN_USCC", 3), "company", "统一社会信用代码")],
    "CREDIT_CARD": [("4111111111111111", "card", "卡号"), ("3782 822463 10005", "amex", "信用卡")],
    "CRYPTO": [
        ("1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", "wallet", "钱包"),
        ("0x" + "3f9A" * 10, "wallet", "钱包"),
    ],
    "CVV": [("123", "CVV", "安全码")],
    "DATE_OF_BIRTH": [
        ("1987-03-12", "born on", "出生日期"),
        ("March 12, 1987", "date of birth:", "生日是"),
        ("1987年3月12日", "born", "生于"),
    ],
    "EMAIL_ADDRESS": [("ada.b@acme.com", "mail", "邮箱")],
    "ES_NIF": [("12345678Z", "NIF", "西班牙税号")],
    "HK_ID": [("A123456(3)", "HKID", "香港身份证")],
    "IBAN_CODE": [("DE89370400440532013000", "IBAN", "账户")],
    "IMEI": [("490154203237518", "IMEI", "IMEI号")],
    "IN_AADHAAR": [("2345 6789 0124", "Aadhaar", "印度身份号")],
    "IN_PAN": [("ABCPE1234F", "PAN", "PAN号")],
    "IP_ADDRESS": [("203.0.113.77", "from", "来自"), ("2001:db8:85a3::8a2e:370:7334", "from", "来自")],
    "IT_FISCAL_CODE": [("RSSMRA85T10A562S", "fiscal code", "意大利税号")],
    "KR_RRN": [("880101-1234568", "RRN", "韩国登记号")],
    "MAC_ADDRESS": [("00:1b:44:11:3a:b7", "device", "网卡")],
    "MEDICAL_RECORD": [("4482913", "MRN", "病历号"), ("MRN-4482913", "record", "病历")],
    "PHONE_NUMBER": [
        ("13812345678", "phone", "电话"),
        ("(415) 555-0137", "call", "致电"),
        ("+44 20 7946 0958", "call", "致电"),
        ("010-62345678", "tel", "座机"),
    ],
    "SG_NRIC": [("S1234567D", "NRIC", "新加坡身份证")],
    "SWIFT_CODE": [("DEUTDEFF500", "SWIFT", "SWIFT代码")],
    "TW_ID": [("A123456789", "Taiwan ID", "台湾身份证")],
    "UK_NHS": [("943 476 5919", "NHS number", "NHS号码")],
    "UK_NINO": [("AB123456C", "NI number", "国民保险号")],
    "URL": [("https://example.org/u/7", "see", "见")],
    "US_BANK_NUMBER": [("12345678901", "account number", "银行账号")],
    "US_DRIVER_LICENSE": [("D1234567", "driver license", "驾照")],
    "US_ITIN": [("912-70-1234", "ITIN", "美国税号")],
    "US_PASSPORT": [("512345678", "passport number", "美国护照号码")],
    "US_SSN": [("536-90-4399", "SSN", "社会安全号")],
    "VIN": [("1HGCM82633A004352", "VIN", "车架号")],
    # Said about a person; only looked for together with names.
    "AGE": [("42", "age:", "年龄")],
    "BLOOD_TYPE": [("AB+", "blood type", "血型")],
    "DATE_TIME": [("May 3rd", "on", "日期")],
    "ICD_CODE": [("E11.9", "ICD-10", "诊断编码")],
    "MEDICAL_CONDITION": [("diabetes", "has", "患有"), ("糖尿病", "has", "患有")],
    "MEDICATION": [("metformin", "takes", "服用"), ("二甲双胍", "takes", "服用")],
    "NRP": [("German", "is", "国籍")],
}
# What is found may be called by another name (a card is a card), never nothing.
ANY = {"UK_NHS", "CA_SIN", "CN_BANK_CARD", "CN_SOCIAL_ACCOUNT", "US_BANK_NUMBER"}
WRITINGS = {
    "English": lambda value, en, zh: (f"My {en} {value} and more", value),
    "Chinese": lambda value, en, zh: (f"我的{zh}：{value}，谢谢", value),
    "glued": lambda value, en, zh: (f"我的{zh}{value}请查询", value),
    "full width": lambda value, en, zh: (f"我的{zh}{full_width(value)}请查询", full_width(value)),
    "JSON": lambda value, en, zh: (json.dumps({"note": f"{en} {value}"}, ensure_ascii=False), value),
}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("银行账号02001234567890123456，谢谢", "02001234567890123456"),
        ("收款账户：1100 2233 4455 66，谢谢", "1100 2233 4455 66"),
        ("对公账号是７７１９０４５１６６１０８０１请查收", "７７１９０４５１６６１０８０１"),
        ("IMEI490154203237518不在网", "490154203237518"),
    ],
)
def test_accounts_and_labels_that_only_chinese_texts_write_so(text: str, value: str) -> None:
    assert value in [text[s.start : s.end] for s in scan(text)]


@pytest.mark.parametrize(
    "text", ["游戏账号12345678", "账户余额12345678", "银行账号已冻结，订单 20240501123456"]
)
def test_numbers_near_accounts_that_are_none(text: str) -> None:
    assert scan(text) == []


@pytest.mark.parametrize("how", WRITINGS)
@pytest.mark.parametrize("kind", ROWS)
def test_found_whole_in_every_writing(kind: str, how: str) -> None:
    personal = kind in {p.type for p in PERSONAL}
    for row in ROWS[kind]:
        text, value = WRITINGS[how](*row)
        at = text.index(value)
        spans = scan(text, names=personal)
        found = [s for s in spans if s.start <= at and s.end >= at + len(value)]
        assert found, (text, spans)
        assert kind in ANY or found[0].type == kind, (text, found)
        assert unicodedata.normalize("NFKC", text[found[0].start : found[0].end]).startswith(row[0])


def test_every_type_has_a_row() -> None:
    only_before_names = {"TITLE"}
    assert {p.type for p in (*PATTERNS, *PERSONAL)} - SECRET_TYPES - only_before_names == set(ROWS)
