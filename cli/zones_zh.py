"""The Chinese words for what `roundsman zones check` says; the English ones come with the problems themselves."""

import re
from collections.abc import Mapping

BECAUSE: Mapping[str, tuple[str, str]] = {
    "not_utf8": ("文件不是 UTF-8 文本", "请以 UTF-8 编码保存"),
    "empty": ("文件是空的", "请提供至少含一个区域的 GeoJSON FeatureCollection"),
    "not_json": ("不是 JSON：{detail}", "请提供 GeoJSON FeatureCollection"),
    "not_collection": ("不是 GeoJSON FeatureCollection", "请提供 FeatureCollection"),
    "other_format": ("不支持此格式：{format}", "请导出为 WGS-84 坐标的 GeoJSON FeatureCollection"),
    "no_features": ("没有任何要素", "请至少画一个区域"),
    "wrong_reference": ("坐标系是 {reference}，不是 WGS-84", "请转换为 WGS-84（EPSG:4326）或 CGCS2000（EPSG:4490）"),
    "shifted_reference": (
        "坐标是加偏的网络地图坐标（{reference}），偏移约 500 米",
        "请先迭代反算为 WGS-84；围栏绝不会被悄悄换算",
    ),
    "not_feature": ("不是 GeoJSON Feature", '请写成 {{"type": "Feature", …}}'),
    "no_properties": ("没有属性", "至少要有 id 和 kind 两个属性"),
    "no_id": ("没有 id", "每个区域都要有自己的简短文字 id"),
    "double_id": ("id “{id}”重复", "每个区域的 id 不能相同"),
    "unknown_kind": ("不认识的类型“{kind}”", "请用 keep_in、keep_out、rule 或 grid"),
    "bad_height": ("{field} 的值“{value}”不是以米为单位的高度", "请填离地高度（米），无限制则填 null"),
    "upside_down": ("上下颠倒：下限 {floor_m:g} 米不低于上限 {ceiling_m:g} 米", "请对调下限和上限"),
    "unknown_time_zone": ("不认识的时区“{time_zone}”", "请用 Asia/Shanghai 这样的名称"),
    "bad_times": ("times 不是列表", '请写成 [{{"days": [1, 2], "start": "08:00", "end": "18:00"}}]'),
    "bad_window": ("第 {number} 个时段无法读取", "days 为 1（周一）至 7，start 和 end 写成“HH:MM”"),
    "bad_mapping": ("{field} 不是由普通值组成的对象", "请把 {field} 写成对象"),
    "no_rules": ("规则区域没有规则", "请指定 clutter、crowd、parking、vendor 之一"),
    "rules_unused": ("带有规则但不是规则区域，规则不起作用", "请改用类型 rule"),
    "unknown_rule": ("不认识的规则“{rule}”", "已知规则有 clutter、crowd、parking、vendor"),
    "bad_rule": ("规则“{rule}”没有参数", "请把参数写成对象"),
    "bad_rule_number": ("规则“{rule}”的 {parameter} 是负数", "请填不小于 0 的数"),
    "bad_rule_parameters": ("规则“{rule}”不能使用：{detail}", "请改正规则的参数"),
    "unknown_property": ("不认识的属性“{property}”，不起作用", "请检查属性名的拼写"),
    "no_geometry": ("没有几何图形", "请把区域画成 Polygon"),
    "not_polygon": ("图形是 {type}，不是 Polygon", "每个区域画一个 Polygon；MultiPolygon 的每一块用各自的 id"),
    "no_rings": ("没有坐标", "请画出区域的轮廓"),
    "no_positions": ("没有点", "至少要有四个点"),
    "not_position": ("不是坐标点", "请写成 [经度, 纬度]"),
    "not_finite": ("含有 NaN 或无穷大", "请填有限的数"),
    "exchanged": ("经度和纬度似乎写反了", "经度在前，纬度在后"),
    "projected": ("像是投影坐标（米），不是经纬度", "请把文件转换为 WGS-84（EPSG:4326）"),
    "off_earth": ("不在地球上", "经度在 -180 到 180 之间，纬度在 -90 到 90 之间"),
    "unclosed": ("环没有闭合", "请在末尾重复第一个点"),
    "too_few": ("环的顶点少于三个", "至少要有三个不同的点，再重复第一个点"),
    "antimeridian": ("跨越 180° 经线", "请沿 180° 经线切成两个区域（RFC 7946 第 3.1.9 节）"),
    "self_crossing": ("轮廓自相交", "请移动顶点，使各边不相交"),
    "bad_rings": ("各环围不成区域（{reason}）", "孔洞要在区域以内，且互不重叠"),
    "no_area": ("几乎没有面积", "面积至少要有 1 平方米"),
    "far": ("离站点太远", "请检查坐标及其坐标系"),
    "clockwise": ("外环是顺时针的，已自动反转", "GeoJSON（RFC 7946）的外环为逆时针"),
    "no_keep_in": ("没有允许区，任何飞行器都不会起飞", "请把允许飞行的范围画成 keep_in 区域"),
}

KINDS: Mapping[str, str] = {"keep_in": "允许区", "keep_out": "禁入区", "rule": "规则区域", "grid": "网格"}

_WHERE = (
    (r"\bfeature (?=\d)", "要素 "),
    (r"\bposition (?=\d)", "点 "),
    (r"\bring (?=\d)", "环 "),
    (r"^zone ", "区域 "),
)


def where_zh(where: str) -> str:
    """Return "要素 3（school），环 1" for "feature 3 (school), ring 1"."""
    for english, chinese in _WHERE:
        where = re.sub(english, chinese, where)
    return where.replace(" (", "（").replace(")", "）").replace(", ", "，")
