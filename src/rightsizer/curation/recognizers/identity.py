"""Who a person or company is: national ids, documents, plates, dates of birth."""

from __future__ import annotations

import re

from rightsizer.curation.recognizers import check_digits as c
from rightsizer.curation.recognizers.pattern import B, E, Pattern, holds, words

_DAY = (
    r"(?:(?:19|20)[0-9]{2}[\-/.][0-9]{1,2}[\-/.][0-9]{1,2}|[0-9]{1,2}[\-/.][0-9]{1,2}[\-/.](?:(?:19|20)[0-9]{2}|[0-9]{2})"
    r"|(?:19|20)[0-9]{2}[ ]?年[ ]?[0-9]{1,2}[ ]?月[ ]?[0-9]{1,2}[ ]?[日号]|(?:19|20)[0-9]{6}"
    r"|(?:[0-9]{1,2}(?:st|nd|rd|th)?[ ])?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?[ ]"
    r"(?:[0-9]{1,2}(?:st|nd|rd|th)?,?[ ])?(?:19|20)[0-9]{2})"
)
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"


_DATE = re.compile(r"(?:19|20)[0-9]{2}-?[0-9]{2}-?[0-9]{2}|[0-9]{2}-[0-9]{2}-[0-9]{4}")


def _no_date(value: str) -> bool:
    return _DATE.fullmatch(value) is None


def _cn_id15(value: str) -> bool:
    return c.is_date("19" + value[6:12])


_HK_ID = re.compile(B + r"[A-Z]{1,2}[0-9]{6}(?:\([0-9A]\)|[0-9A](?![A-Za-z0-9]))")

CHINA: tuple[Pattern, ...] = (
    Pattern(
        "CN_ID_CARD",
        re.compile(B + r"[1-9][0-9]{5}[ \-]?(?:18|19|20)[0-9]{6}[ \-]?[0-9]{3}[0-9Xx]" + E),
        0.98,
        digits=15,
        first="digit",
        check=holds(lambda v: c.cn_id(re.sub(r"[ \-]", "", v))),
    ),
    Pattern(
        "CN_ID_CARD",  # the old number of 15 digits has no check digit
        re.compile(B + r"[1-9][0-9]{14}" + E),
        0.8,
        digits=15,
        first="digit",
        check=holds(_cn_id15),
        needs=("身份证", "证件号", "身份號", "居民证", "id card"),
        context=words("身份证", "证件号", "身份號", "居民证", "id card"),
    ),
    Pattern(
        "CN_USCC",
        re.compile(
            B
            + r"[1-9A-GY][1239][0-9]{6}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{9}[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]"
            + E
        ),
        0.98,
        digits=7,
        check=holds(c.cn_uscc),
    ),
    Pattern(
        "CN_PASSPORT",
        re.compile(B + r"(?:[EeGg][0-9]{8}|[Ee][A-HJ-NP-Za-hj-np-z][0-9]{7}|[DdSsPpHh][DdEe]?[0-9]{7})" + E),
        0.85,
        needs=("护照", "passport", "護照"),
        context=words("护照", "passport", "護照"),
    ),
    Pattern(
        "CN_TRAVEL_PERMIT",
        re.compile(B + r"[HMChmc][A-Za-z]?[0-9]{8}(?:[0-9]{2})?" + E),
        0.8,
        needs=("通行证", "回乡证", "台胞证", "通行證", "permit"),
        context=words("通行证", "回乡证", "台胞证", "通行證", "(?:travel|return|entry) permit"),
    ),
    Pattern(
        "CN_LICENSE_PLATE",
        re.compile(
            "[" + _PROVINCES + "][A-HJ-NP-Z][·•. ]?(?:[DF][A-HJ-NP-Z0-9][0-9]{4}|[0-9]{5}[DF]|"
            "[A-HJ-NP-Z0-9]{4}[A-HJ-NP-Z0-9挂学警港澳])" + E
        ),
        0.85,
        needs=tuple(_PROVINCES),
        check=holds(lambda v: any(x.isdigit() for x in v)),
    ),
    Pattern(
        "TW_ID",
        re.compile(B + r"[A-Z][12][0-9]{8}" + E),
        0.85,
        digits=9,
        first="letter",
        check=holds(c.tw_id),
    ),
    Pattern(
        "HK_ID",
        _HK_ID,
        0.75,
        needs=("香港", "身份證", "身份证", "hkid", "identity card"),
        digits=6,
        first="letter",
        check=holds(c.hk_id),
        context=re.compile(r"香港|身份證|身份证|HKID|identity card", re.IGNORECASE),
    ),
    Pattern(
        "HK_ID",
        _HK_ID,
        0.75,
        needs=("(",),
        digits=6,
        first="letter",
        check=holds(c.hk_id),
        after=re.compile(r"\($"),
    ),
)

WORLD: tuple[Pattern, ...] = (
    Pattern(
        "US_SSN",
        re.compile(
            r"(?<![0-9A-Za-z])(?<![0-9][\-.])[0-9]{3}([ \-.])[0-9]{2}\1[0-9]{4}(?![0-9A-Za-z]|[\-.][0-9])"
        ),
        0.85,
        digits=9,
        first="digit",
        check=holds(c.us_ssn),
    ),
    Pattern(
        "US_SSN",
        re.compile(B + r"[0-9]{9}" + E),
        0.8,
        needs=("ssn", "social security"),
        digits=9,
        first="digit",
        check=holds(c.us_ssn),
        context=words("ssn", "social security"),
    ),
    Pattern(
        "US_ITIN",
        re.compile(B + r"9[0-9]{2}([ \-])(?:5[0-9]|6[0-5]|7[0-9]|8[0-8]|9[0-24-9])\1[0-9]{4}" + E),
        0.85,
        digits=9,
        first="digit",
    ),
    Pattern(
        "US_PASSPORT",
        re.compile(B + r"(?:[A-Z][0-9]{8}|[0-9]{9})" + E),
        0.75,
        needs=("passport", "护照", "護照"),
        context=words("passport", "护照", "護照"),
    ),
    Pattern(
        "US_DRIVER_LICENSE",
        re.compile(B + r"(?=[A-Z0-9\-]{0,18}[0-9]{3})[A-Z0-9][A-Z0-9\-]{5,18}" + E),
        0.7,
        check=holds(_no_date),
        needs=("licen", "driver", "驾驶证", "驾照"),
        context=words(
            "driver'?s?'? ?licen[cs]e", "drivers? licen[cs]e", "driving licen[cs]e", "驾驶证", "驾照"
        ),
    ),
    Pattern(
        "UK_NINO",
        re.compile(B + r"[ABCEGHJ-PRSTW-Z][ABCEGHJ-NPRSTW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]" + E),
        0.85,
        needs=("nino", "insurance", "ni number", "保险号"),
        context=words("nino", "national insurance", "ni number", "insurance number", "国民保险号"),
        digits=6,
        first="letter",
    ),
    Pattern(
        "UK_NHS",
        re.compile(B + r"[0-9]{3}[ \-]?[0-9]{3}[ \-]?[0-9]{4}" + E),
        0.8,
        needs=("nhs",),
        check=holds(lambda v: c.weighted(v, (10, 9, 8, 7, 6, 5, 4, 3, 2, 1), 11)),
        context=words("nhs"),
    ),
    Pattern(
        "IN_AADHAAR",
        re.compile(B + r"[2-9][0-9]{3}([ \-])[0-9]{4}\1[0-9]{4}(?![0-9A-Za-z]|[ \-][0-9])"),
        0.8,
        digits=12,
        first="digit",
        check=holds(c.verhoeff),
    ),
    Pattern(
        "IN_PAN",
        re.compile(B + r"[A-Z]{3}[ABCFGHLJPT][A-Z][0-9]{4}[A-Z]" + E),
        0.75,
        digits=4,
        first="letter",
        needs=("pan", "permanent account", "income tax", "india", "tax id"),
        context=words("pan", "permanent account", "income tax", "india", "tax id"),
    ),
    Pattern(
        "AU_TFN",
        re.compile(B + r"[0-9]{3} ?[0-9]{3} ?[0-9]{3}" + E),
        0.8,
        needs=("tfn", "tax file", "税号", "税务档案"),
        check=holds(lambda v: c.weighted(v, (1, 4, 3, 7, 5, 8, 6, 9, 10), 11)),
        context=words("tfn", "tax file", "税号", "税务档案"),
    ),
    Pattern(
        "CA_SIN",
        re.compile(B + r"[1-79][0-9]{2}[ \-]?[0-9]{3}[ \-]?[0-9]{3}" + E),
        0.8,
        needs=("sin", "social insurance"),
        check=holds(c.luhn),
        context=words("sin", "social insurance"),
    ),
    Pattern(
        "BR_CPF",
        re.compile(B + r"[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}" + E),
        0.9,
        digits=11,
        first="digit",
        check=holds(c.cpf),
    ),
    Pattern(
        "KR_RRN",
        re.compile(r"(?<![0-9A-Za-z\-])[0-9]{6}-[1-8][0-9]{6}(?![0-9A-Za-z\-])"),
        0.85,
        digits=13,
        first="digit",
        check=holds(c.kr_rrn),
    ),
    Pattern(
        "ES_NIF",
        re.compile(B + r"(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]" + E),
        0.8,
        digits=7,
        check=holds(c.es_nif),
    ),
    Pattern(
        "IT_FISCAL_CODE",
        re.compile(B + r"[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]" + E),
        0.95,
        digits=7,
        first="letter",
        check=holds(c.codice_fiscale),
    ),
    Pattern(
        "SG_NRIC",
        re.compile(B + r"[STFGM][0-9]{7}[A-Z]" + E),
        0.85,
        digits=7,
        first="letter",
        check=holds(c.sg_nric),
    ),
    Pattern(
        "VIN",
        re.compile(B + r"(?=[A-HJ-NPR-Z0-9]{0,12}[A-HJ-NPR-Z])[A-HJ-NPR-Z0-9]{13}[0-9]{4}" + E),
        0.8,
        digits=4,
        check=holds(c.vin),
    ),
    Pattern(
        "MEDICAL_RECORD",
        re.compile(B + r"(?=[A-Z0-9\-]{0,12}[0-9]{3})[A-Z0-9][A-Z0-9\-]{4,13}" + E),
        0.7,
        check=holds(_no_date),
        needs=("mrn", "medical record", "病历号", "住院号", "就诊卡", "门诊号", "医保卡", "社保卡"),
        context=words("mrn", "medical record", "病历号", "住院号", "就诊卡", "门诊号", "医保卡", "社保卡"),
    ),
    Pattern(
        "MEDICAL_RECORD",  # what it is and the number in one
        re.compile(B + r"(?:MRN|mrn)[\-#]?[0-9]{5,12}" + E),
        0.7,
        needs=("mrn",),
    ),
    Pattern(
        "DATE_OF_BIRTH",
        re.compile(
            r"(?:date[ _]?of[ _]?birth|birth[ _]?dates?|birthday|(?<![A-Za-z])dob|"
            r"(?<![A-Za-z])born(?: on)?|出生日期|出生年月日?|(?<!产)生于|生日)"
            r"[\"'”]?(?:[ ]?(?:is|was|in|on|:|：|=|是|为|于)){0,2}[ \"'“]{0,3}(" + _DAY + r")(?![0-9])",
            re.IGNORECASE,
        ),
        0.85,
        needs=("birth", "dob", "born", "出生", "生于", "生日"),
        group=1,
    ),
    Pattern(
        "DATE_OF_BIRTH",
        re.compile(r"(?<![0-9])((?:19|20)[0-9]{2}年[0-9]{1,2}月[0-9]{1,2}日)(?:出生|生(?![产效日成]))"),
        0.85,
        needs=("生",),
        group=1,
    ),
)
