"""What the name of a field says about its value: ``customer_email`` → EMAIL_ADDRESS, ``收件人`` → PERSON."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

PERSON, HANDLE, ID, ADDRESS, CITY, POSTCODE = "PERSON", "HANDLE", "ID", "ADDRESS", "CITY", "POSTCODE"
EMAIL, PHONE, ORGANIZATION, BIRTH = "EMAIL_ADDRESS", "PHONE_NUMBER", "ORGANIZATION", "DATE_OF_BIRTH"
SECRET, AMOUNT = "SECRET", "AMOUNT"
MAYBE = "MAYBE_PERSON"  # who did or gets something: a person where the value looks like a name

LONGEST_KEY = 200  # characters, from the end: what says the class stands last; a long text costs its square
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_WORD = re.compile(r"[^0-9a-z\u3400-\u9fff]+")

# Each row: class, and what a key (as lower-case words) ends in to mean it.
_ENDINGS: tuple[tuple[str, str], ...] = (
    (EMAIL, "emails?|e_mails?|email_address(?:es)?|mail_address"),
    (
        PHONE,
        "phones?|phone_(?:number|no)s?|(?:mobile|cell|contact|callback|fax|whatsapp)_(?:number|no)|mobiles?"
        "|cell(?:phone)?|tel|telephone|telephone_number|fax|msisdn|whatsapp",
    ),
    (BIRTH, "dob|birth_?date|date_of_birth|birth_?day|born(?:_on)?"),
    (
        PERSON,
        "(?:first|last|given|family|middle|full|maiden|customer|contact|client|passenger|patient|guest|recipient"
        "|card_?holder|holder|sender|employee|driver|owner|beneficiary|payee|payer|nick)_?names?|[fl]name|sur_?name"
        "|fore_?name|nick_?name|next_of_kin|card_?holder|recipient|passengers|guest|patient|contact_person",
    ),
    (HANDLE, "user_?names?|user_?handle|handle|login|screen_name|account_name"),
    (POSTCODE, "zips?|zip_?codes?|post(?:al)?_?codes?"),
    (
        ADDRESS,
        "address|addresses|address_?line|address_?[12]|street|street_?address|street_?name|line_?[12]|addr"
        "|(?:home|billing|shipping|mailing|delivery|postal)_address|apartment|apt|suite|house_?(?:no|number)|address_?3|po_box",
    ),
    (ORGANIZATION, "company|company_name|employer|organi[sz]ation(?:_name)?|business_name|firm"),
    (
        SECRET,
        "pass_?words?|passwd|pwd|passphrase|secrets?|api_?keys?|access_?tokens?|auth_?tokens?|private_?key|pin"
        "|client_secret|refresh_token",
    ),
    (
        ID,
        "ids?|uuid|guid|(?:order|account|invoice|tracking|ticket|reservation|booking|confirmation|policy|claim"
        "|member|membership|passport|license|licence|card|serial|case|contract|reference|loyalty|customer|patient"
        "|record|tax|certificate|registration|vehicle|imei|iccid|imsi|sim|transaction)_?(?:no|nos|numbers?|code|ref)"
        "|(?:waybill|docket|folio|meter|member|vip|confirmation|plate|chart|room_key)_?(?:no|number|code)|waybill|pnr_code"
        "|locator|record_locator|docket|confirmation|reference|ref|policy|claim|ticket|invoice|mrn|barcode"
        "|ssn|nino|vin|orders|pnr|imei|iccid|imsi|license_plate|plate|[a-z_]*last_?(?:4|four)(?:_digits)?",
    ),
)
_ENGLISH = tuple((kind, re.compile(rf"(?:^|.*_)(?:{ends})(?:_?[0-9])?$")) for kind, ends in _ENDINGS)
_CITY = re.compile(r"(?:^|.*_)(?:city|town|village|county|district|suburb)$")
_PLACE = re.compile(
    r"(?:^|.*_)(?:muni|municipality|locality|residence|hometown|home|mailing|lives(?:_(?:at|in))?)$"
)
_CHINESE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(names))
    for kind, names in (
        (EMAIL, "邮箱|电子邮件|邮件地址"),
        (PHONE, "电话|手机|联系方式|传真"),
        (BIRTH, "出生|生日"),
        (POSTCODE, "邮编|邮政编码"),
        (ORGANIZATION, "公司|单位名称|工作单位|企业名称|机构名称|雇主"),
        (
            PERSON,
            "姓名|收件人|收货人|联系人|申请人|患者|乘客|旅客|持卡人|户主|客户名|真实姓名|投保人|被保险人",
        ),
        (HANDLE, "用户名|昵称|登录名|账号名"),
        (ADDRESS, "地址|住址|街道"),
        (SECRET, "密码|口令|密钥|令牌"),
        (ID, "身份证|证件号?|号码|账号|编号|车牌|(?<![型序行页批期版本])号$"),
    )
)
# Beside one of these a plain `name` is a person's, and a `city` is somebody's.
_OF_PEOPLE = re.compile(
    r"(?:^|_)(?:emails?|e_mail|phone|mobile|dob|birth|ssn|first_name|last_name|surname|passport|gender|age)(?:_|$)"
    r"|姓名|电话|手机|邮箱|身份证|生日|性别|年龄"
)
_OF_PLACES = re.compile(
    r"(?:^|_)(?:zip|zip_?code|post(?:al)?_?code|street|address[12]?|address_?line_?[12]?|line_?[12])(?:_|$)"
    r"|邮编|街道"
)
_OWNERS = re.compile(
    r"^(?:user|customer|client|member|patient|guest|passenger|account|subscriber|employee|cust|usr)_?(?:id|no|number|uuid)$"
    r"|^(?:用户|客户|会员|患者)(?:id|编号|号)$"
)
_CATALOGUE_FREE = frozenset(
    {"user", "customer", "client", "member", "patient", "guest", "payment", "order", "account"}
)


@lru_cache(maxsize=8192)
def plain_key(key: str) -> str:
    """A key as lower-case words: ``ShippingAddress`` and ``shipping-address`` → ``shipping_address``."""
    return _WORD.sub("_", _CAMEL.sub("_", key).lower()).strip("_")


def kind_of_field(key: str, parent: str = "", siblings: Collection[str] = ()) -> str | None:
    """The class of values under `key`, or None where the name says nothing.

    `parent` is the key of the object around it, `siblings` the other keys of that object; both decide
    for names that may be anybody's (``name``, ``city``).
    """
    return _kind_of(plain_key(key), plain_key(parent), tuple(map(plain_key, siblings)))


@lru_cache(maxsize=16384)
def _kind_of(key: str, parent: str, siblings: tuple[str, ...]) -> str | None:
    if not key:
        return None
    if not key.isascii():
        return next((kind for kind, names in _CHINESE if names.search(key)), None)
    key, parent = key[-LONGEST_KEY:], parent[-LONGEST_KEY:]
    if key == "name":
        near = any(_OF_PEOPLE.search(s) for s in siblings) or bool(_PEOPLE.search(parent))
        return PERSON if near else None
    if _CITY.match(key):
        near = any(_OF_PLACES.search(s) for s in siblings) or "address" in parent
        return CITY if near else None
    if key in ("first", "last", "middle", "given", "family") and parent.endswith("name"):
        return PERSON
    if _MAYBE.match(key):
        return MAYBE
    if key in ("user", "customer", "safety_identifier", "end_user"):
        return HANDLE
    return next((kind for kind, names in _ENGLISH if names.match(key)), ID if _NUMBERED.match(key) else None)


# Any other number or reference of somebody's; what counts parts of a text is none.
_NUMBERED = re.compile(
    r"(?!.*(?:page|line|row|version|model|build|step|turn|item|retry|port)_)[a-z_]+_(?:no|nr|number|num|ref)$"
)
_TIMES = re.compile(
    r"(?:^|_)(?:time|times|timestamp|date|at|ts|epoch|expires|expiry|until|since|ms)(?:_|$)|时间|日期"
)


def is_time(key: str) -> bool:
    """Whether long numbers under this key count seconds."""
    return _TIMES.search(plain_key(key)) is not None


_MAYBE = re.compile(
    r"(?:^|.*_)(?:assignee|organi[sz]er|attendees?|guardian|spouse|beneficiary|contact|emergency_contact|author|approver"
    r"|reporter|manager|requester|(?:bill|ship|sold|assigned|addressed|pay)_to|[a-z]{3,10}ed_by"
    r"|doctor|physician|therapist|nurse|driver|technician|mechanic|courier|officer|witness|who"
    r"|teacher|trainer|coach|lawyer|tenant|landlord|insured|claimant|policyholder|tutor|student_name|to|from)$"
)
_PEOPLE = re.compile(
    r"(?:^|_)(?:user|customer|client|patient|guest|passenger|contact|employee|member|recipient|person)s?$"
)


# What is published, on sale, or too wide to be anybody's.
_NOBODYS = re.compile(
    r"(?:^|_)(?:country|state|province|nation|nationality|region|continent|language|locale|currency|cuisine|dish"
    r"|food|drink|beverage|ingredient|genre|artist|band|singer|composer|album|track|song|music|movie|film|show|series"
    r"|season|episode|game|novel|brand|manufacturer|make|model|product|service|app|platform|sport|league|airline"
    r"|airport|landmark|attraction|park|museum|poi|holiday|restaurant|hotel|cinema|theat(?:re|er))"
    r"(?:_(?:name|title|type|kind|description))?$"
    r"|(?:国家|国籍|省份|地区|语言|币种|菜系|菜名|菜品|歌手|歌曲|歌名|专辑|电影|影片|片名|品牌|型号|商品名?|产品|游戏|节目|景点"
    r"|航空公司|机场|餐厅|酒店|影院)(?:名称?)?$"
)


@lru_cache(maxsize=8192)
def says_nobody(key: str) -> bool:
    """Whether values under this key are published, on sale or wide: songs, brands, countries."""
    return _NOBODYS.search(plain_key(key)[-LONGEST_KEY:]) is not None


def names_place(key: str) -> bool:
    """Whether values under this key may be somebody's town, if they are towns."""
    plain = plain_key(key)
    return _CITY.match(plain) is not None or _PLACE.match(plain) is not None


def names_owner(key: str) -> bool:
    """Whether values under this key say whose session it is (``user_id``, ``customer_id``)."""
    return _OWNERS.match(plain_key(key)) is not None


def may_be_catalogue(key: str) -> bool:
    """Whether ids under this key may belong to everybody (``product_id``), unlike ``order_id``."""
    return _CATALOGUE_FREE.isdisjoint(plain_key(key).split("_"))
