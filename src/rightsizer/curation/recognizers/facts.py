"""Facts about a person that are no identifiers of their own: title, age, origin or belief, dates and times.

They are found together with names, for policies that want them; placeholders never replace them unasked.
"""

from __future__ import annotations

import re

from rightsizer.curation.recognizers.pattern import B, E, Pattern

_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)(?![A-Za-z])\.?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY = r"(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day"
_DAY = r"(?:[12][0-9]|3[01]|0?[1-9])"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_HALF = r"[ ]?(?:[ap]\.?m(?![A-Za-z])\.?)"


def _listed(text: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in text.split(";"))


NATIONS = _listed(
    """
    afghan; albanian; algerian; american; andorran; angolan; arab; argentine; argentinian; armenian;
    asian; australian; austrian; azerbaijani; bahraini; bangladeshi; belarusian; belgian; bolivian;
    bosnian; brazilian; british; bulgarian; burmese; cambodian; cameroonian; canadian; chilean;
    chinese; colombian; congolese; croatian; cuban; cypriot; czech; danish; dominican; dutch;
    ecuadorian; egyptian; emirati; english; eritrean; estonian; ethiopian; european; filipino;
    finnish; french; gambian; georgian; german; ghanaian; greek; guatemalan; haitian; honduran;
    hungarian; icelandic; indian; indonesian; iranian; iraqi; irish; israeli; italian; ivorian;
    jamaican; japanese; jordanian; kazakh; kenyan; korean; kurdish; kuwaiti; laotian; latvian;
    lebanese; liberian; libyan; lithuanian; macedonian; malaysian; maltese; mexican; moldovan;
    mongolian; moroccan; mozambican; namibian; nepalese; nicaraguan; nigerian; norwegian; omani;
    pakistani; palestinian; panamanian; paraguayan; peruvian; polish; portuguese; puerto-rican;
    qatari; romanian; russian; rwandan; salvadoran; saudi; scottish; senegalese; serbian;
    singaporean; slovak; slovenian; somali; spanish; sudanese; swedish; swiss; syrian; taiwanese;
    tanzanian; thai; tibetan; tunisian; turkish; ugandan; ukrainian; uruguayan; uzbek; venezuelan;
    vietnamese; welsh; yemeni; zambian; zimbabwean; african-american; hispanic; latino; latina;
    caucasian
    """
)
BELIEFS = _listed(
    """
    catholic; protestant; christian; muslim; jewish; buddhist; hindu; sikh; mormon; atheist;
    agnostic; methodist; lutheran; presbyterian; anglican; evangelical; sunni; shia; shiite;
    democrat; republican; communist; socialist
    """
)
_NATION = r"(?<![A-Za-z])(?:" + "|".join(w.capitalize() for w in (*NATIONS, *BELIEFS)) + r")s?(?![A-Za-z])"
_TITLES = (
    r"(?:Mr|Mrs|Ms|Mx|Miss|Dr|Prof|Rev|Hon|Capt|Sgt|Lt|Col|Gen|Sr|Sra|Herr|Frau|Mme|Mlle|Monsieur|Madame|"
    r"Professor|Doctor|Sir|Madam|Dame|Lord|Lady|Father|Sister|Captain|Sergeant|Officer|Judge|Justice)"
)

FACTS: tuple[Pattern, ...] = (
    Pattern(
        "TITLE",
        re.compile(B + _TITLES + r"(?:\.(?=[ ]?[A-Z])|(?=[ ][A-Z]))"),
        0.6,
        needs=(
            "mr",
            "miss",
            "dr",
            "prof",
            "rev",
            "hon",
            "capt",
            "sgt",
            "lt",
            "col",
            "gen",
            "sr",
            "herr",
            "frau",
            "mme",
            "mlle",
            "mons",
            "mada",
            "doctor",
            "sir",
            "dame",
            "lord",
            "lady",
            "father",
            "sister",
            "officer",
            "ms",
            "mx",
            "ser",
            "jud",
            "just",
        ),
    ),
    Pattern(
        "AGE",
        re.compile(
            B
            + r"(1[01][0-9]|[1-9]?[0-9])(?:[ \-]year[s]?[ \-]old|[ ]?y/?o(?![A-Za-z])|[ ]years?[ ]of[ ]age)",
            re.I,
        ),
        0.7,
        needs=("year", "y/o", "yo"),
        group=1,
    ),
    Pattern(
        "AGE",
        re.compile(
            r"(?<![A-Za-z])(?:aged?|age[ ]of|turn(?:s|ed|ing)?|I(?:'m| am)|(?:he|she)(?:'s| is))"
            r"[\"']?[ ]?[:=]?[ ]?[\"']?(1[01][0-9]|[1-9][0-9])"
            r"(?=[,.;!?)\"'\n]|$|[ ](?:years|and|but|now|from|in|this|next|today|tomorrow)(?![A-Za-z]))",
            re.I,
        ),
        0.6,
        needs=("age", "turn", "i'm", "i am", "he's", "he is", "she"),
        group=1,
    ),
    Pattern(
        "AGE", re.compile(r"(?<![0-9])((?:1[01])?[0-9]{1,2})[ ]?(?:周岁|岁)"), 0.7, needs=("岁",), group=1
    ),
    Pattern(
        "AGE",
        re.compile(
            r"(?:年龄|年纪|芳龄|高龄)[\"'”]?[ ]?[:：=是为]{0,2}[ \"'“]{0,3}"
            r"(1[01][0-9]|[1-9]?[0-9])(?![0-9.%\-~至到])"
        ),
        0.7,
        needs=("龄", "年纪"),
        group=1,
    ),
    Pattern("NRP", re.compile(_NATION), 0.6, needs=tuple(sorted({w[:4] for w in (*NATIONS, *BELIEFS)}))),
    Pattern(
        "NRP",
        re.compile(
            r"(?:汉|蒙古|回|藏|维吾尔|苗|彝|壮|布依|朝鲜|满|侗|瑶|白|土家|哈尼|哈萨克|傣|黎|傈僳|佤|畲|高山)族"
            r"|(?:基督|天主|伊斯兰|佛|道)教(?:徒)?|穆斯林|共产党员|共青团员|民主党派"
        ),
        0.6,
        needs=("族", "教", "穆斯林", "党", "团员"),
    ),
    Pattern(
        "DATE_TIME",
        re.compile(
            B + rf"(?:{_WEEKDAY},?[ ])?(?:{_MONTH}[ ]{_DAY}(?:st|nd|rd|th)?(?:,?[ ]{_YEAR})?"
            rf"|(?:the[ ])?{_DAY}(?:st|nd|rd|th)?(?:[ ]of)?[ \-]{_MONTH}(?:,?[ \-]{_YEAR})?"
            rf"|{_MONTH},?[ ]{_YEAR})" + E,
            re.IGNORECASE,
        ),
        0.7,
        needs=_MONTHS,
    ),
    Pattern(
        "DATE_TIME",
        re.compile(
            rf"(?<![0-9A-Za-z./\-])(?:{_YEAR}[\-/.][01]?[0-9][\-/.][0-3]?[0-9]"
            rf"|[0-3]?[0-9]/[0-3]?[0-9]/(?:{_YEAR}|[0-9]{{2}})"
            rf"|[0-3]?[0-9]([\-.])[0-3]?[0-9]\1{_YEAR})"
            rf"(?:[T ]{_CLOCK}(?:\.[0-9]{{1,6}})?Z?)?(?![0-9A-Za-z/\-])"
        ),
        0.7,
    ),
    Pattern(
        "DATE_TIME",
        re.compile(
            r"(?<![0-9])(?:(?:19|20)[0-9]{2}[ ]?年(?:[ ]?[0-9]{1,2}[ ]?月(?:[ ]?[0-9]{1,2}[ ]?[日号])?)?"
            r"|[0-9]{1,2}[ ]?月[ ]?[0-9]{1,2}[ ]?[日号])"
        ),
        0.7,
        needs=("年", "月"),
    ),
    Pattern(
        "DATE_TIME",
        re.compile(
            rf"(?<![0-9A-Za-z.:/\-])(?:{_CLOCK}(?:{_HALF})?|(?:1[0-2]|[1-9]){_HALF})(?![0-9A-Za-z:])",
            re.IGNORECASE,
        ),
        0.5,
        needs=(":", "am", "pm", "a.m", "p.m"),
    ),
    Pattern(  # a month alone, where a word says that it is one
        "DATE_TIME",
        re.compile(
            r"(?<![A-Za-z])(?i:in|last|next|since|until|till|during|early|late|mid)[ \-]"
            r"((?:[Jj]anuary|[Ff]ebruary|March|[Aa]pril|May|[Jj]une|[Jj]uly|[Aa]ugust|[Ss]eptember|"
            r"[Oo]ctober|[Nn]ovember|[Dd]ecember))(?![A-Za-z])"
        ),
        0.5,
        needs=_MONTHS,
        group=1,
    ),
    Pattern(
        "DATE_TIME",
        re.compile(
            r"(?<![0-9])(?:1[0-2]|[1-9])月(?:份|[上中下]旬|[初底末])?(?![0-9])"
            r"|(?:十[一二]?|[一二三四五六七八九])月(?:份|[上中下]旬|[初底末])"
        ),
        0.5,
        needs=("月",),
    ),
    Pattern("DATE_TIME", re.compile(B + _WEEKDAY + E), 0.4, needs=("day",)),
)
