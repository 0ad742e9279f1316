"""Does a tool change something (`write`), or does it only look (`read`)?

Guessed from what the tool itself declares (the ``readOnlyHint`` of the Model Context Protocol), from the
verbs of its name, then of its description, in English and Chinese. What is not recognised counts as a write:
that can only cost coverage. A person's word (`TaskPolicy.tool_risk`) goes first.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rightsizer.types import Message, ToolRisk

_READ = """
analyse analyze browse calculate cat check classify compare compute convert count describe detect
download estimate explain extract fetch find get gets glob grep has inspect is list lists locate look
lookup lookups ls monitor preview query read recommend retrieve search searches show summarise summarize
think track translate validate verify view what where
"""
_WRITE = """
accept activate add adds apply approve assign block book books buy cancel cancels change changes charge
clear close commit confirm create creates deactivate delete deletes deny deploy deposit disable downgrade
drop edit email enable escalate exchange execute grant hand handover insert install issue lock log mail
make merge message modify move notify open order patch pause pay place play post publish purchase push
put rate record redeem refund register reject remove removes rename replace reply reschedule reserve
reset return revoke run save schedule send sends set sets start stop store submit subscribe transfer
unblock uninstall unlock unregister unsubscribe update updates upgrade upload upsert withdraw write
writes
"""
READ, WRITE = frozenset(_READ.split()), frozenset(_WRITE.split())
READ_ZH = (
    "查询",
    "查看",
    "查找",
    "获取",
    "检索",
    "搜索",
    "列出",
    "读取",
    "计算",
    "统计",
    "比较",
    "翻译",
    "查",
)
WRITE_ZH = (
    *("创建", "新建", "新增", "添加", "增加", "更新", "修改", "变更", "更改", "取消", "删除", "移除", "清空"),
    *("转账", "转接", "退款", "退货", "换货", "支付", "付款", "下单", "购买", "预订", "预定", "预约", "提交"),
    *("发送", "发布", "写入", "设置", "关闭", "开启", "打开", "绑定", "解绑", "充值", "提现", "冻结", "解冻"),
    *("审批", "批准", "拒绝", "注册", "注销", "订阅", "退订", "上传", "保存", "执行", "办理", "挂失", "补办"),
)
_ZH = re.compile("|".join(sorted(map(re.escape, READ_ZH + WRITE_ZH), key=len, reverse=True)))
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\x00-\x7f]+")
SAID_FIRST = 2  # words of a description in which its verb is looked for


def writes(message: Message, tools: Sequence[Mapping[str, Any]], known: Mapping[str, ToolRisk]) -> bool:
    """Whether an answer calls any tool that writes. Text never does."""
    return any(risk_of(call.name, tools, known) == "write" for call in message.tool_calls)


def risk_of(name: str, tools: Sequence[Mapping[str, Any]], known: Mapping[str, ToolRisk]) -> ToolRisk:
    """What a person said of the tool, else the guess; a tool that is not offered is guessed by its name."""
    if name in known:
        return known[name]
    return guess_risk(_tool(name, tools) or {"name": name})


def guess_risk(tool: Mapping[str, Any]) -> ToolRisk:
    """The guess from a tool as it is declared in a request."""
    function = tool.get("function", tool)
    if not isinstance(function, Mapping):
        return "write"
    hints = function.get("annotations", tool.get("annotations"))
    if isinstance(hints, Mapping) and isinstance(hints.get("readOnlyHint"), bool):
        return "read" if hints["readOnlyHint"] else "write"
    by_name = _by_verbs(str(function.get("name", "")), None)
    return by_name or _by_verbs(str(function.get("description") or ""), SAID_FIRST) or "write"


def _by_verbs(text: str, first: int | None) -> ToolRisk | None:
    """By the verb that stands first: ``get_order`` looks, ``order_book`` orders."""
    words = _WORDS.findall(text)[:first]
    for word in words:
        found = _verb(word.lower())
        if found is not None:
            return found
    return None


def _verb(word: str) -> ToolRisk | None:
    if not word.isascii():
        chinese = _ZH.search(word)
        return None if chinese is None else "read" if chinese.group() in READ_ZH else "write"
    for form in (word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ing")):
        if form in READ:
            return "read"
        if form in WRITE:
            return "write"
    return None


def _tool(name: str, tools: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for tool in tools:
        function = tool.get("function", tool)
        if isinstance(function, Mapping) and function.get("name") == name:
            return tool
    return None
