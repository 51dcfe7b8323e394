"""The Chinese words for what is wrong with a zone file; the English ones come with the problems themselves."""

import re
from collections.abc import Mapping

from geofence.errors import ZoneProblem

_SAVE_AGAIN = "请重新保存为 GeoJSON、KML、ED-269、ED-318 或 QGroundControl 文件"
BECAUSE: Mapping[str, tuple[str, str]] = {
    "not_utf8": ("文件不是 UTF-8 文本", "请以 UTF-8 编码保存"),
    "empty": ("文件是空的", "请提供至少含一个区域的 GeoJSON FeatureCollection"),
    "not_json": ("文件不完整，或不是区域文件（第 {line} 行第 {column} 列）", _SAVE_AGAIN),
    "not_text": ("无法读取：{detail}", _SAVE_AGAIN),
    "not_collection": ("不是 GeoJSON FeatureCollection", "请提供 FeatureCollection"),
    "other_format": (
        "是其他格式（{format}），此处只接受我们自己的格式",
        "请先用 roundsman zones check 检查，再用 zones convert 转换",
    ),
    "topojson": ("是 TopoJSON，无法读取", "请另存为 GeoJSON，坐标用经纬度"),
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
    "long_name": ("“{name}…”有 {length} 个字符，最多 {room} 个", "区域 id 和网格员姓名请写短一些"),
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
    "bad_limit": ("高度界限“{value}”不是数字", "请填数字"),
    "bad_unit": ("不认识的高度单位“{value}”", "请用 M 或 FT"),
    "sea_level_by_ground": ("海拔 {value_m:g} 米已按地面高程换算为离地高度", "请确认地面足够平坦"),
    "limit_left_open": (
        "{value_m:g} 米的界限以 {reference} 为基准，不是离地高度；禁入区按没有该界限计",
        "请给出地面海拔（--ground-amsl-m）",
    ),
    "limit_unknown": ("{value_m:g} 米的界限以 {reference} 为基准，不是离地高度", "请给出地面海拔（--ground-amsl-m）"),
    "below_ground": ("整个区域在地面以下，已略去", "请检查地面海拔"),
    "daylight": ("按日出日落生效，每周时段无法表达，按始终有效计", "需要时请给出固定时间"),
    "mixed_zones": ("有的时间写明时区，有的没有", "请一律写成 hh:mmZ"),
    "time_without_zone": ("时间没有写明时区", "请说明时区（--time-zone Asia/Shanghai），或写成 hh:mmZ"),
    "time_zone_assumed": ("时间按时区 {time_zone} 理解", "请确认时区"),
    "bad_schedule": ("每日时段无法读取", '请写成 {{"day": ["MON"], "startTime": "08:00Z", "endTime": "18:00Z"}}'),
    "bad_applicability": ("有效期无法读取", "请写成时段列表"),
    "dates_dropped": ("只在一段日期内有效，日期不保留，按每天有效计", "文件变化时请重新导入"),
    "permanent_with_times": ("标为永久却又有时段，按始终有效计", "请询问发布者"),
    "id_made_unique": ("标识重复，改为“{id}”", "没有丢失内容"),
    "identifier_long": ("标识超过标准的 7 个字符，保持原样", "没有丢失内容"),
    "ring_closed": ("未闭合的环已用第一个点闭合", "没有丢失内容"),
    "bad_circle": ("圆没有可用的圆心或半径", "请给出 [经度, 纬度] 和半径（米）"),
    "no_restriction": ("不限制飞行，已略去", "没有丢失内容"),
    "bad_restriction": ("不认识的限制类型“{restriction}”", "请用 PROHIBITED、REQ_AUTHORISATION、CONDITIONAL 等"),
    "counts_as_keep_out": ("限制类型为 {restriction}，按禁入区计", "取得许可后请去掉该区域"),
    "older_member": ("用了旧的成员名 {about}", "没有丢失内容"),
    "not_zone": ("不是区域", "每个区域写成一个对象"),
    "no_shape": ("既没有圆也没有多边形", "请给出圆或多边形"),
    "no_layer": ("没有高度层，按从地面起无上限计", "请给出 lower 和 upper 及其基准"),
    "no_kml": ("压缩包里没有 .kml 文件", "请重新另存为 KML"),
    "bad_archive": ("压缩包无法读取", "请重新另存为 KML"),
    "too_large": ("压缩包里的文件大于 32 MiB", "请拆分文件"),
    "unsafe_xml": ("含有文档类型或实体，KML 不需要它们", "请重新另存为普通 KML"),
    "not_xml": ("不是 XML：{detail}", "请重新另存为 KML"),
    "too_many_elements": ("元素超过 {most} 个", "请拆分为多个文件"),
    "too_deep": ("元素嵌套过深", "请重新另存为普通 KML"),
    "not_kml": ("是 XML 但不是 KML（根元素为 {root}）", "请导出为 KML"),
    "network_link": ("链接到其他文件，不会去读取", "请把内容存进本文件"),
    "not_an_area": ("没有多边形，已略去", "请把区域画成多边形"),
    "kind_by_name": ("按名称或文件夹认作 {kind}", "请确认"),
    "kind_unknown": ("没有说明是允许区还是禁入区", "请在 ExtendedData 中写 kind，或用 --kind 说明整个文件"),
    "bad_coordinates": ("坐标无法读取", "请写成 经度,纬度[,高度]，以空格分隔"),
    "unclear_altitudes": ("高度既不是下限也不是上限", "请在 ExtendedData 中写 floor_agl_m 和 ceiling_agl_m"),
    "altitudes_left_open": (
        "高度既不是下限也不是上限，按从地面起无上限计",
        "请在 ExtendedData 中写 floor_agl_m 和 ceiling_agl_m",
    ),
    "bad_data": ("{field} 不是 JSON", "请按我们的 GeoJSON 书写"),
    "no_fence": ("计划中没有围栏", "请在 QGroundControl 中画 GeoFence"),
    "version_missing": ("没有写版本，按已知的版本读取", "请核对读取结果"),
    "version_unknown": ("版本为 {version}，已知的只有 {known}", "请用 QGroundControl 4 或 5 重新保存该计划"),
    "mission_beside": (
        "还含有任务（{waypoints} 个航点、{others} 个其他项、{rally} 个备降点），不会变成区域",
        "请用 roundsman patrol convert 把它变成巡逻",
    ),
    "kind_left_out": ("类型 {kind} 在该格式中没有对应，已略去", "请同时保留我们自己的文件"),
    "times_left_out": ("只在一定时间有效，围栏无法表达，已略去", "在这些时间请依靠本系统的护航"),
    "heights_and_times_dropped": ("计划的围栏没有高度和时间，按任何高度和时间有效计", "请另设自动驾驶仪的升限"),
    "holes_filled": ("孔洞已填满，区域因此变大", "请拆分区域"),
    "names_dropped": ("计划的围栏没有名称，标识、名称和规则不保留", "请同时保留我们自己的文件"),
    "limits_rounded": ("高度已取整：下限向下，上限向上", "禁入范围不会因此变小"),
    "id_shortened": ("标识改为“{id}”（最多 7 个字符）", "没有丢失内容"),
    "text_cut": ("文字截为 200 个字符", "请缩短"),
    "clocks_change": ("{time_zone} 有夏令时，UTC 的每周时段无法表达，按始终有效计", "请按季节分别导出"),
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


def problem_zh(problem: ZoneProblem) -> tuple[str, str]:
    """Return what is wrong, and the remedy, in Chinese."""
    because, remedy = BECAUSE[problem.code]
    return because.format(**problem.params), remedy.format(**problem.params)
