"""Blind sessions in Chinese and mixed: lost in a car, provident fund, installing appliances, gym, check-up, nannies, visas, parcels abroad."""

# ruff: noqa: E501 - what people say stays in one piece, with Chinese signs

from __future__ import annotations

import random

from blind_people import Talk, func
from desks import Made


def rideshare(draw: random.Random, session: str) -> Made:
    """网约车失物招领: a passenger left something with a driver."""
    t = Talk(session, draw, "你是“顺途出行”失物招领助手。先查行程，再联系司机。车型：顺途快车、顺途专车。", [
        func("query_trip", "按手机号或行程号查询行程", [], phone="乘客手机号", trip_no="行程号"),
        func("contact_driver", "给司机派单找回失物", trip_no="行程号", item="失物", message="给司机的话"),
    ])  # fmt: skip
    p, d, r = t.chinese(), t.chinese("司机"), t.chinese("代领人")
    trip, ticket = t.id("行程号", "ST20250303999999"), t.id("工单", "LF-9999999")
    item, kind = t.one("一个黑色双肩包", "儿童保温杯", "蓝牙耳机", "一袋中药"), t.one("顺途快车", "顺途专车")
    t.keep(kind, "已联系司机", "顺途出行")
    t.user(t.one(
        f"你好，我姓{p.last}，昨晚打车把{item}落车上了，手机{p.phones[1]}，司机好像姓{d.last}，车牌{d.plate}",
        f"师傅叫{d.name}，{item}忘在后座！！我是{p.name}，行程号{trip}，在{p.home}{p.unit}下的车",
        f"帮我家人问一下，叫{p.name}（{p.titled}），尾号{p.phone[-4:]}，昨天从{p.street}上车，东西落{d.titled}车上了",
    ))  # fmt: skip
    t.call("query_trip", {"phone": p.phone} if draw.random() < 0.6 else {"trip_no": trip}, {
        "trip_no": trip, "乘客": {"姓名": p.name, "手机": p.phone, "脱敏": f"{p.last}*{p.first[-1]}", "常用地址": f"{p.street}{p.home}{p.unit}"},
        "司机": {"姓名": d.name, "车牌": d.plate, "电话": d.phones[2], "身份证": d.nid, "车型": kind},
        "备注": f"上车点：{p.home}东门；紧急联系人{r.name}（夫妻）{r.phone}"})  # fmt: skip
    t.assistant(
        f"{p.titled}您好，查到行程{trip}，司机{d.last}师傅，车牌{d.plate}。我现在联系他找{item}，找到后寄到{p.home}{p.unit}可以吗？"
    )
    t.user(t.one(
        f"不用寄，让{r.nick}去拿，{r.name}，电话{r.phones[1]}。师傅就放{r.home}{r.unit_other}门口",
        f"可以。{t.known(t.one(p.name[0] + '某', p.last + '小' + p.first[-1]), 'nickname')}收也行，我微信{p.handle}",
        f"寄到公司吧，{t.firm(zh=True)}前台，写{p.nick}收，打{p.phones[5]}",
    ))  # fmt: skip
    t.call("contact_driver", {"trip_no": trip, "item": item, "message": f"{d.last}师傅您好，乘客{p.name}（{p.phone}）把{item}落在您车上，请联系{r.name}{r.phones[1]}交接。"},
           f"工单号：{ticket}\n状态：已联系司机\n司机：{d.name} {d.phone}\n司机回复：东西在，{d.last}某明天送到{p.home}，乘客叫{p.last}什么来着？\n乘客：{p.name}")  # fmt: skip
    t.known(f"{d.last}某", "third nickname")
    t.assistant(
        f"{item}找到了，工单{ticket}。{d.name}师傅（{d.phone}）会联系{r.name}交接，请{p.titled}保持{p.phone}畅通。"
    )
    return t.made()


def fund(draw: random.Random, session: str) -> Made:
    """住房公积金: identity numbers, employers, a spouse; the tool answers `键：值` text."""
    t = Talk(session, draw, "你是市住房公积金中心智能客服。核验姓名与身份证后方可查询。业务：租房提取、购房提取、离职提取、冲还贷。", [
        func("verify_identity", "核验身份", name="姓名", id_card="18位身份证号"),
        func("get_account", "查询个人账户", id_card="身份证号"),
        func("apply_withdraw", "提交提取申请", account="公积金账号", type=["租房提取", "购房提取", "离职提取", "冲还贷"], bank_card="收款卡号", remark="备注"),
    ])  # fmt: skip
    p, mate, hr, landlord = t.chinese(sex="f"), t.chinese("配偶"), t.chinese("经办人"), t.chinese("房东")
    account, unit_no, seq = (
        t.id("公积金账号", "999999999999"),
        t.id("单位账号", "Z99999"),
        t.id("业务流水", "TQ2025-9999-99999"),
    )
    card, last4 = t.card("622848", 19)
    kind, firm, former = t.one("租房提取", "购房提取", "离职提取", "冲还贷"), t.firm(zh=True), t.firm(zh=True)
    t.keep(kind, "正常", "待审核")
    t.user(t.one(
        f"我要{kind}，{p.name}，{p.nid}",
        f"您好，本人{p.name}，身份证号：{p.nid}，{p.born[8]}出生，在{firm}上班，想办{kind}，卡尾号{last4}",
        f"查一下公积金 {t.typo(p.nid, 'typo id')} 不对打错了 应该是{p.nid} 叫{p.last}{p.first}",
    ))  # fmt: skip
    t.call(
        "verify_identity",
        {"name": p.name, "id_card": p.nid},
        {"result": "一致", "姓名": p.name, "身份证": p.nid, "手机": f"{p.phone[:3]}****{p.phone[-4:]}"},
    )
    t.call("get_account", {"id_card": p.nid}, (
        f"姓名：{p.name}\n证件号码：{p.nid[:6]}********{p.nid[-4:]}\n出生日期：{p.born[0]}\n个人账号：{account}\n单位名称：{firm}\n单位账号：{unit_no}\n账户状态：正常\n余额：{draw.randint(9000, 90000)}.{draw.randint(10, 99)}\n"
        f"手机号：{p.phone}\n通讯地址：{p.street}{p.home}{p.unit}\n婚姻状况：已婚（配偶：{mate.name}，{mate.nid}）\n单位经办人：{hr.name} {hr.phones[1]}\n历史单位：{former}（2016-2021）\n备注：租住{landlord.name}房屋，{landlord.street}，房东电话{landlord.phone}"
    ))  # fmt: skip
    t.assistant(
        f"{p.titled}，您的账户{account}状态正常，单位为{firm}。请提供收款银行卡，并说明{kind}材料情况。"
    )
    t.user(t.one(
        f"卡号{card}，开户名{p.name}",
        f"打到我老公卡上行不？{mate.name} {card}，他{mate.born[9]}的，电话{mate.phones[5]}",
        f"{card.replace(' ', '')}，房东{landlord.titled}，租的{landlord.home}{landlord.unit}，合同上写的{landlord.unit_other}",
    ))  # fmt: skip
    t.call("apply_withdraw", {"account": account, "type": kind, "bank_card": card.replace(" ", ""), "remark": f"申请人{p.name}，房东{landlord.name}（{landlord.phone}），{landlord.home}{landlord.unit}"},
           {"流水号": seq, "状态": "待审核", "收款账户": f"{p.name} 尾号{last4}", "通知": [p.phone, hr.phone], "审核意见": f"请{firm}{hr.last}经理盖章；如有疑问联系{hr.name}，邮箱{hr.email}"})  # fmt: skip
    t.assistant(
        f"{kind}申请已提交，流水号{seq}，待审核。款项将转入{p.name}尾号{last4}的卡；需{hr.name}（{hr.phones[1]}）盖章确认。"
    )
    return t.made()


def appliance(draw: random.Random, session: str) -> Made:
    """家电安装售后: fitters as CSV, addresses in short writings, landlords and neighbours."""
    t = Talk(session, draw, "你是“暖居电器”售后客服，负责预约安装与维修。产品：暖居X5燃气热水器、暖居静音空调、暖居洗碗机Pro。", [
        func("find_order", "查订单", [], order_no="订单号", mobile="手机号"),
        func("list_fitters", "返回附近师傅CSV", area="区域"),
        func("book_service", "预约上门", order_no="订单号", fitter_no="师傅工号", time="时间", address="地址", note="备注"),
    ])  # fmt: skip
    p, old, f1, f2, nb = (
        t.chinese(sex="f"),
        t.chinese("母亲"),
        t.chinese("师傅"),
        t.chinese("师傅"),
        t.chinese("邻居"),
    )
    order, serial = t.id("订单号", "NJ-250303-999999"), t.id("序列号", "X5A99AA9999999")
    product, no1, no2 = (
        t.one("暖居X5燃气热水器", "暖居静音空调", "暖居洗碗机Pro"),
        t.id("工号", "SF9999"),
        t.id("工号", "SF9999"),
    )
    t.keep(product, "已预约", "暖居电器")
    t.user(t.one(
        f"{product}漏水了，订单{order}，{p.name} {p.phone} {p.street}{p.home}{p.unit}",
        f"给我妈买的{product}怎么还没人装！！她叫{old.name}，住{old.home}{old.unit_other}，电话{old.phones[2]}，我是她女儿{p.nick}",
        f"喂 我{p.titled} 上次来的{f1.titled}说要换主板 机身上号码{serial} 都三天了没消息",
    ))  # fmt: skip
    t.call("find_order", {"order_no": order} if draw.random() < 0.5 else {"mobile": p.phone}, {
        "orderNo": order, "buyerNick": p.handle, "receiver": {"name": old.name, "mobile": old.phone, "province": old.state, "city": old.town, "detail": f"{old.street}{old.home}{old.unit}", "zip": old.code},
        "buyer": {"name": p.name, "mobile": p.phone, "detail": f"{p.street}{p.home}{p.unit}"}, "items": [{"name": product, "sn": serial}], "sellerMemo": f"{p.titled}要求{f1.last}师傅上门，家里老人{old.titled}耳背，敲门找{nb.unit}{nb.name}"})  # fmt: skip
    t.call(
        "list_fitters",
        {"area": old.town},
        f"工号,姓名,电话,车牌,空闲\n{no1},{f1.name},{f1.phone},{f1.plate},上午\n{no2},{f2.name},{f2.phones[1]},{f2.plate},下午\n",
    )
    t.assistant(
        f"{p.titled}您好，订单{order}收货人是{old.name}，{old.home}{old.unit}。{f1.name}师傅上午有空，{f2.name}师傅下午有空，您选哪位？"
    )
    t.user(t.one(
        f"{f1.last}师傅吧，他熟。到了打{nb.name}电话{nb.phones[1]}，就隔壁{nb.unit.split('单元')[1]}",
        f"下午的。地址改一下，不是{old.home}，是{p.home}{p.unit_other}，写{t.known(p.last + '小姐姐' if p.sex == 'f' else p.last + '大哥', 'nickname')}收就行",
        f"都行，我{t.known(p.first + '妈' if len(p.first) > 1 else p.last + '妈', 'nickname')}在家，{old.titled}，门口贴着福字那家，{old.unit}",
    ))  # fmt: skip
    t.call("book_service", {"order_no": order, "fitter_no": no1, "time": "2025-03-05 09:30", "address": f"{old.street}{old.home}{old.unit}", "note": f"先联系{nb.name}{nb.phone}，业主{old.titled}"},
           {"状态": "已预约", "师傅": f"{f1.name}({no1})", "短信": {p.phone: "已发送", old.phone: "已发送"}, "单据抬头": f"{p.name}/{order}"})  # fmt: skip
    t.assistant(
        f"已预约{f1.name}（{no1}，{f1.phone}）3月5日9:30上门检修{product}，地址{old.home}{old.unit}，会先致电{old.titled}。"
    )
    return t.made()


def gym(draw: random.Random, session: str) -> Made:
    """健身房退卡: contracts as a Markdown table, a coach, an emergency contact and a card to refund to."""
    t = Talk(session, draw, "你是“燃点健身”会员服务助手。卡种：年卡、季卡、私教30节。退费需合同号。", [
        func("member_info", "会员资料", member_no="会员号"),
        func("contracts", "合同列表（Markdown）", member_no="会员号"),
        func("refund", "退费申请", contract_no="合同号", reason=["搬家", "受伤", "服务不满", "其他"], account_name="户名", account_no="卡号"),
    ])  # fmt: skip
    p, coach, mate, boss = t.chinese(), t.chinese("教练"), t.chinese("紧急联系人"), t.chinese("店长")
    member, contract, former, form = (
        t.id("会员号", "RD9999999"),
        t.id("合同号", "HT-2024-AA9999"),
        t.id("合同号", "HT-2023-AA9999"),
        t.id("退费单", "TF999999999"),
    )
    card, last4 = t.card("6222", 19)
    kind = t.one("年卡", "季卡", "私教30节")
    english = t.one("Kimi", "Yoyo", "Jacky", "Coco")
    t.keep(kind, "履行中", "财务审批中", "燃点健身")
    t.user(t.one(
        f"退卡！会员号{member}，{p.name}，你们{coach.titled}老是放鸽子",
        f"我是{p.nick}（{p.phones[4]}），搬家去外地了想退{kind}，合同{contract}，当时是{boss.titled}签的",
        f"本人{p.name}，{p.born[9]}生，膝盖受伤，教练{t.known(english, 'third nickname')}（真名{coach.name}）说可以全退，请核实。",
    ))  # fmt: skip
    t.known(english, "third nickname")
    t.call("member_info", {"member_no": member}, {"会员号": member, "姓名": p.name, "姓名拼音": p.pinyin, "生日": p.born[0], "手机": p.phone, "微信": p.handle, "邮箱": p.email, "住址": f"{p.home}{p.unit}",
           "紧急联系人": {mate.name: {"关系": "配偶", "电话": mate.phones[1]}}, "跟进记录": [f"3/1 {coach.first if len(coach.first) > 1 else coach.name}（{english}）致电，{p.last}{'姐' if p.sex == 'f' else '哥'}情绪激动", f"2/20 {boss.name}回访{p.phone}未接"]})  # fmt: skip
    t.call(
        "contracts",
        {"member_no": member},
        f"| 合同号 | 卡种 | 签约人 | 教练 | 金额 | 状态 |\n| --- | --- | --- | --- | ---: | --- |\n| {contract} | {kind} | {p.name} | {coach.name} | {draw.randint(20, 99)}80 | 履行中 |\n| {former} | 季卡 | {p.name}（代签：{mate.name}） | - | 980 | 已到期 |\n",
    )
    t.assistant(
        f"{p.titled}，您名下{contract}（{kind}，教练{coach.name}）可申请退费，请提供收款人户名和卡号。"
    )
    t.user(t.one(
        f"{p.name} {card}",
        f"户名{mate.name}（我爱人），卡号{card.replace(' ', '')}，办好打{mate.phone}",
        f"工行 {card}，{t.known(p.first[-1] + '子' if len(p.first) > 1 else p.last + '子', 'nickname')}这名字不是我真名，户名写{p.name}，拼音{p.pinyin.upper()}",
    ))  # fmt: skip
    t.call("refund", {"contract_no": contract, "reason": t.one("搬家", "受伤", "服务不满"), "account_name": p.name, "account_no": card.replace(" ", "")},
           f"退费单号: {form}\n状态: 财务审批中\n收款人: {p.name}\n收款卡: {card[:4]} **** {last4}\n审批人: {boss.name}（{boss.phone}）\n抄送: {coach.name}; {p.email}\n")  # fmt: skip
    t.assistant(
        f"退费单{form}已提交，财务审批中，由{boss.last}经理审批；款项退至{p.name}尾号{last4}的卡，结果短信发到{p.phone}。"
    )
    t.known(f"{boss.last}经理", "third titled name")
    return t.made()


def checkup(draw: random.Random, session: str) -> Made:
    """体检中心: a firm books check-ups; results are XML, names are masked in one tool and whole in another."""
    t = Talk(session, draw, "你是“和安体检”预约助手。套餐：入职基础套餐、尊享女性套餐、深度心脑血管套餐。不要解读报告。", [
        func("group_list", "团检名单（XML）", group_code="团检码"),
        func("reschedule", "改期", check_no="体检号", date="日期", package=["入职基础套餐", "尊享女性套餐", "深度心脑血管套餐"]),
    ])  # fmt: skip
    a, b, c, doc, hr = t.chinese(), t.chinese("同事"), t.chinese("同事"), t.chinese("医生"), t.chinese("人事")
    firm, group = t.firm(zh=True), t.id("团检码", "HA-9999")
    nos = [t.id("体检号", "25039999999") for _ in range(3)]
    package = t.one("入职基础套餐", "尊享女性套餐", "深度心脑血管套餐")
    t.keep(package, "已改期", "和安体检")
    t.user(t.one(
        f"你好 {firm}的团检，团检码{group}，员工{a.name}要改期，身份证{a.nid}",
        f"我们公司{hr.titled}发的链接打不开，我{a.name}，{a.phones[1]}，想跟{b.name}约同一天",
        f"{doc.titled}让我复查，我叫{a.last}{a.first}，体检号{nos[0]}，{a.born[8]}生。顺便{c.nick}（{c.name}）也要改",
    ))  # fmt: skip
    t.call("group_list", {"group_code": group}, f'<?xml version="1.0" encoding="UTF-8"?>\n<团检 编码="{group}" 单位="{firm}">\n  <联系人 电话="{hr.phones[1]}" 邮箱="{hr.email}">{hr.name}</联系人>\n' + "".join(
        f'  <人员 体检号="{n}"><姓名>{w.name}</姓名><性别>{"女" if w.sex == "f" else "男"}</性别><证件>{w.nid}</证件><出生>{w.born[7]}</出生><手机>{w.phone}</手机><套餐>{package}</套餐><备注>{m}</备注></人员>\n'
        for n, w, m in zip(nos, [a, b, c], [f"由{doc.last}医生面诊", f"与{a.name}同车", f"住{c.home}{c.unit_other}，接送"], strict=True)) + "</团检>")  # fmt: skip
    t.known(f"{doc.last}医生", "third titled name")
    t.assistant(
        f"已找到{firm}名单：{a.name}（{nos[0]}）、{b.name}（{nos[1]}）、{c.name}（{nos[2]}）。请问改到哪天？"
    )
    t.user(
        t.one(
            f"{a.titled}改到周五，{b.nick}不动",
            f"周五吧，报告寄{a.street}{a.home}{a.unit}，别寄公司，{hr.nick}会拆",
            f"周五。另外{b.name}的手机号错了，应该是{t.known(b.phone[:-1] + str((int(b.phone[-1]) + 3) % 10), 'third phone')}，不是{b.phone}",
        )
    )
    t.calls(("reschedule", {"check_no": nos[0], "date": "2025-03-14", "package": package}, {"体检号": nos[0], "姓名": f"{a.last}*{a.first[-1]}" if len(a.first) > 1 else f"{a.last}*", "状态": "已改期", "单号": f"{group}/{nos[0]}"}),
            ("reschedule", {"check_no": nos[2], "date": "2025-03-14", "package": package}, {"体检号": nos[2], "姓名": f"{c.last}*{c.first[-1]}" if len(c.first) > 1 else f"{c.last}*", "状态": "已改期", "医生": doc.name}))  # fmt: skip
    t.assistant(
        f"已改期：{a.name}与{c.titled}均为3月14日（{package}），{b.first if len(b.first) > 1 else b.name}保持不变，已通知{hr.name}（{hr.email}）。请空腹前来，{doc.name}医生出诊。"
    )
    return t.made()


def nanny(draw: random.Random, session: str) -> Made:
    """月嫂中介: a mother, her mother-in-law, a baby's name, nannies as a table; an e-mail of the contract."""
    t = Talk(session, draw, "你是“暖阳家政”派单助手，为产妇匹配月嫂。等级：金牌月嫂、高级月嫂、育儿嫂。", [
        func("search_nannies", "搜索月嫂", level=["金牌月嫂", "高级月嫂", "育儿嫂"], start="开始日期"),
        func("get_contract_mail", "读取合同邮件", contract_no="合同号"),
        func("assign", "派单", contract_no="合同号", nanny_no="月嫂编号", memo="备注"),
    ])  # fmt: skip
    p, mil, n1, n2, dad = (
        t.chinese(sex="f"),
        t.chinese("婆婆"),
        t.chinese("月嫂"),
        t.chinese("月嫂"),
        t.chinese("丈夫"),
    )
    contract, no1, no2 = t.id("合同号", "NY25-99999"), t.id("编号", "YS-9999"), t.id("编号", "YS-9999")
    baby = t.known(t.one("糯米团", "果果子", "小核桃", "年年有余"), "third nickname")
    born_name = t.known(dad.last + t.one("知夏", "予安", "书瑶", "嘉禾"), "third name")
    ward = t.known(
        f"{draw.choice(['产科', '妇产科'])}{draw.randint(2, 9)}病区{draw.randint(12, 58)}床", "ward"
    )
    level = t.one("金牌月嫂", "高级月嫂", "育儿嫂")
    t.keep(level, "已派单", "暖阳家政")
    t.user(t.one(
        f"急！宝宝提前出来了，我在{ward}，合同{contract}，{p.name}，原来定的{n1.last}阿姨能来吗",
        f"您好，我是{p.titled}的老公{dad.name}，{dad.phones[1]}，{baby}今天出生，{level}要提前上户，地址{p.home}{p.unit_other}",
        f"{n1.name}阿姨做得不好，跟我婆婆（{mil.titled}）吵架，想换{n2.last}姐。我{p.nick}，电话尾号{p.phone[-4:]}",
    ))  # fmt: skip
    t.known(f"{n1.last}阿姨", "third titled name")
    t.call("search_nannies", {"level": level, "start": "2025-03-10"}, [
        {"编号": no1, "姓名": n1.name, "身份证": n1.nid, "手机": n1.phone, "籍贯": n1.state or n1.town, "评价": f"{p.last}妈妈：{n1.first if len(n1.first) > 1 else n1.name}姐很细心"},
        {"编号": no2, "姓名": n2.name, "身份证": n2.nid, "手机": n2.phones[2], "籍贯": n2.state or n2.town, "评价": ""}])  # fmt: skip
    t.known(f"{p.last}妈妈", "titled name")
    t.call("get_contract_mail", {"contract_no": contract}, (
        f"发件人：暖阳家政签约部\n收件人：{p.name} <{p.email}>\n主题：合同{contract}确认\n\n{p.titled}，您好：\n\n    您与我司签订的{level}服务合同（{contract}）已生效。服务地址：{p.street}{p.home}{p.unit}。"
        f"产妇：{p.name}，{p.born[8]}生，身份证{p.nid}；丈夫：{dad.name}，手机{dad.phone}；宝宝：{born_name}（小名{baby}）。家中同住：婆婆{mil.name}，{mil.phones[5]}。\n    原定月嫂：{n1.name}（{no1}）。\n\n此致\n"
    ))  # fmt: skip
    t.assistant(
        f"恭喜{p.titled}！合同{contract}原定{n1.name}（{no1}），另有{n2.name}（{no2}）可上户。{baby}现在在{ward}吗？"
    )
    t.user(
        t.one(
            f"在的，{ward}，来了找{mil.name}，她电话{mil.phones[1]}",
            f"要{n2.name}。到{p.home}{p.unit}，按{p.unit.split('单元')[1]}门铃，{mil.nick}开门",
            f"{born_name}已经出院了，回{dad.home}{dad.unit}，微信{p.handle}加我",
        )
    )
    t.call("assign", {"contract_no": contract, "nanny_no": no2, "memo": f"产妇{p.name}，{ward}，联系人{dad.name}{dad.phone}，宝宝{baby}"},
           {"状态": "已派单", "月嫂": n2.name, "客户": p.name, "到岗": f"{p.home}{p.unit}", "保单": t.id("保单", "PYBX9999999999")})  # fmt: skip
    t.assistant(f"已派单：{n2.name}（{no2}）3月10日到岗，会先联系{dad.name}。祝{baby}健康成长！")
    return t.made()


def visa(draw: random.Random, session: str) -> Made:
    """Mixed: an agency for visas; forms in English, the applicant writes Chinese with English words."""
    t = Talk(session, draw, "You are the bilingual assistant of Skybridge Visa Centre. Answer in the user's language. Types: Tourist (C), Business (D), Family Visit (F).", [
        func("get_application", "Fetch an application form", application_no="number on the receipt"),
        func("translate_check", "Check Chinese name against passport pinyin", chinese="中文姓名", pinyin="SURNAME, GIVEN"),
        func("update_application", "Patch fields", application_no="number", fields={"type": "object", "additionalProperties": {"type": "string"}}),
    ])  # fmt: skip
    p, mate, inviter = t.chinese(sex="m"), t.chinese("spouse", "f"), t.english("uk", "inviter", "f")
    no, passport, old = (
        t.id("application", "SVC/2025/9999999"),
        t.id("passport", "E99999999"),
        t.id("passport", "G99999999"),
    )
    kind, firm = t.one("Tourist (C)", "Business (D)", "Family Visit (F)"), t.firm(zh=True)
    family, given = p.pinyin.split()
    t.keep(kind, "UNDER_REVIEW", "Skybridge Visa Centre")
    t.user(t.one(
        f"你好，我的application {no}，护照{passport}，名字好像填错了，应该是{p.pinyin}，我中文名{p.name}",
        f"Hi, this is {given} {family} ({p.name}). My wife {mate.pinyin}'s visa is still pending, receipt {no}, 她生日{mate.born[8]}",
        f"我是{p.titled}，邀请人{inviter.name}（{inviter.email}）说没收到邮件，护照号{passport}，我email是{p.email}",
    ))  # fmt: skip
    t.calls(("get_application", {"application_no": no}, {
        "applicationNo": no, "type": kind, "surname": family.upper(), "givenNames": given.upper(), "nameInChinese": p.name, "passportNo": passport, "previousPassport": old, "dateOfBirth": p.born[5], "nationalId": p.nid,
        "placeOfResidence": f"{p.unit}, {p.home}, {p.street}", "mobile": p.phones[4], "email": p.email, "employer": firm, "spouse": {"name": mate.pinyin, "中文": mate.name, "dob": mate.born[0]},
        "inviter": {"fullName": inviter.name, "relationship": "friend", "address": inviter.address, "tel": inviter.phones[2]}}),
        ("translate_check", {"chinese": p.name, "pinyin": f"{family.upper()}, {given.upper()}"}, f"{p.name} => {family.upper()}, {given.upper()} : MATCH"))  # fmt: skip
    t.known(f"{family.upper()}, {given.upper()}", "pinyin")
    t.assistant(
        f"{p.titled}您好，{no}（{kind}）的姓名为 {family.upper()} {given.upper()}，护照 {passport}，雇主{firm}。请问哪一项需要更正？"
    )
    t.user(t.one(
        f"邀请人的地址搬了，new address: {inviter.street}, {inviter.town} {inviter.code}，打她电话{inviter.phones[1]}，她叫{inviter.nick}",
        f"DOB写的{p.born[5]}没错，但是phone不对，换成{mate.phones[3]}，我爱人{mate.name}的",
        f"given name 我之前写成了{t.typo(given)}，请改成{given}，护照上是{family}/{given}",
    ))  # fmt: skip
    t.call("update_application", {"application_no": no, "fields": {"inviter.address": f"{inviter.street}, {inviter.town} {inviter.code}", "givenNames": given.upper(), "mobile": mate.phone}},
           f"| Field | Old | New |\n|---|---|---|\n| inviter.address | {inviter.unit} | {inviter.street}, {inviter.code} |\n| givenNames | {family.upper()} | {given.upper()} |\n| mobile | {p.phones[4]} | {mate.phone} |\n\nState: UNDER_REVIEW, officer note: call {inviter.titled}; applicant {p.pinyin} ({p.name})\n")  # fmt: skip
    t.assistant(
        f"已更新 {no}：联系电话 {mate.phone}，邀请人 {inviter.name} 的新地址 {inviter.street}。{p.name}，结果会发到 {p.email}。"
    )
    return t.made()


def parcels(draw: random.Random, session: str) -> Made:
    """Mixed: a Chinese seller asks about a parcel to a buyer abroad; tracking is text, the buyer's mail is quoted."""
    t = Talk(session, draw, "你是“海豚跨境”卖家助手，帮助卖家处理海外订单。物流：海豚专线、FBA头程、DHL Express。", [
        func("order_detail", "订单详情", platform_order="平台订单号"),
        func("buyer_messages", "买家邮件原文", platform_order="平台订单号"),
        func("reply_buyer", "回复买家", platform_order="平台订单号", body="英文正文"),
    ])  # fmt: skip
    s, b, nb = t.chinese(), t.english("us", "buyer"), t.english("us", "neighbour")
    order, track, shop = (
        t.id("order", "114-9999999-9999999"),
        t.id("tracking", "DPX999999999CN"),
        t.firm(zh=True),
    )
    way, eori = t.one("海豚专线", "DHL Express"), t.id("eori", "GB999999999999")
    t.keep(way, "Delivered", "海豚跨境")
    t.user(t.one(
        f"{order}这单买家{b.name}说没收到，帮看下，我是{shop}的{s.nick}",
        f"买家邮箱{b.email}给差评了，叫{b.first}什么的，单号{track}，麻烦写封英文信，落款{s.pinyin}",
        f"店铺{shop}，负责人{s.name}{s.phones[1]}，订单{order}地址是不是{b.street}？系统里显示{t.typo(b.street)}",
    ))  # fmt: skip
    t.calls(("order_detail", {"platform_order": order}, {"AmazonOrderId": order, "ShipService": way, "ShippingAddress": {"Name": b.name, "AddressLine1": b.street, "AddressLine2": b.unit, "City": b.town, "StateOrRegion": b.state, "PostalCode": b.code, "Phone": b.phones[2]},
             "卖家": {"公司": shop, "联系人": s.name, "电话": s.phone, "EORI": eori, "发件人拼音": s.pinyin}, "tracking": {track: "Delivered"}}),
            ("buyer_messages", {"platform_order": order}, f"From: \"{b.first} {b.last}\" <{b.email}>\nDate: Mon, 3 Mar 2025 09:14:00 -0800\nSubject: where is my order {order}??\n\nHello,\n\nTracking {track} says delivered but nothing here. I live at {b.street_short}, {b.unit_other}, not at {nb.street_short}! "
             f"Maybe my neighbor {nb.titled} took it, ask {nb.nick} at {nb.phones[0]}. I need it by my husband's birthday.\n\n{b.nick}\n{b.phones[3]}\n\n> On Feb 27, {s.pinyin} wrote:\n> Dear {b.titled}, your parcel has shipped.\n"))  # fmt: skip
    t.assistant(
        f"{s.titled}，订单{order}买家{b.name}，地址{b.street}, {b.unit}, {b.code}。买家说可能被邻居{nb.titled}代收。需要我回信吗？"
    )
    t.user(
        t.one(
            f"回吧，语气好点，称呼{b.titled}，留我WhatsApp {s.phones[3]}",
            f"回。让{b.first}去问{nb.nick}，不行就补发到{b.street}",
            f"先别回，{t.chinese('同事').name}在处理，等下，算了你回吧，署名{s.first if len(s.first) > 1 else s.name}",
        )
    )
    t.call("reply_buyer", {"platform_order": order, "body": f"Dear {b.titled},\n\nWe are sorry. The carrier left {track} at {nb.street_short}; could you ask {nb.first} {nb.last} ({nb.phones[0]})? Otherwise we will resend it to {b.street}, {b.unit}, {b.town}, {b.state} {b.code}.\n\nBest regards,\n{s.pinyin}\n{shop}"},
           {"sent": True, "to": b.email, "cc": [s.email]})  # fmt: skip
    t.assistant(
        f"已回复{b.first} {b.last}（{b.email}），请其联系{nb.name}；若仍未收到将补发至{b.street}。抄送{s.name} {s.email}。"
    )
    return t.made()


DESKS = {
    "rideshare": rideshare,
    "fund": fund,
    "appliance": appliance,
    "gym": gym,
    "checkup": checkup,
    "nanny": nanny,
    "visa": visa,
    "parcels": parcels,
}
