"""What the service says is in the catalogue of sentences, so that the Chinese desk can say it too.

A new reason, refusal or remedy in one of the modules below fails here until `api/sentences.json` has it.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import api.sentences
from api.sentences import AS_IT_IS, LONGEST, MOST_TRIES, Said, catalogue, read
from core.ids import new_id
from fleet.readiness import TEXTS
from tests.api.controller import Controller
from tests.api.sightings import a_sighting, take

ROOT = Path(__file__).parents[2]
# Modules whose sentences reach the desk: reasons, refusals, remedies, stories.
SPEAKING = (
    "agent/commanded_order.py agent/executor.py agent/flight*.py agent/followed_order.py agent/guard.py",
    "agent/kept_order.py agent/left_words.py agent/vehicle_parts.py agent/words.py",
    "api/auth.py api/idempotency.py api/sign_in.py api/zone_book.py api/rest/*.py",
    "fleet/link/downlink.py fleet/link/held_orders.py",
    "fleet/readiness.py fleet/registry.py fleet/orders.py fleet/order_progress.py fleet/store_sql*.py fleet/holding.py",
    "fleet/drivers/mavlink.py fleet/drivers/mavlink_commands.py fleet/drivers/mavlink_[f-z]*.py",
    "fleet/link/held_orders.py",
    "geofence/forbidden.py geofence/free_space.py geofence/keep_*_proof.py geofence/route_proof.py",
    "geofence/ways_around.py",
    "incidents/alarm*.py incidents/escalator.py incidents/incident.py incidents/intake.py incidents/moves.py",
    "incidents/unlooked.py",
    "incidents/verification.py incidents/store_sql*.py incidents/notifiers/*.py incidents/photo_keeper.py",
    "incidents/evidence_store.py",
    "missions/flight_plans.py missions/plan*.py missions/routing.py missions/run*.py missions/requests.py",
    "missions/giver.py missions/dispatcher.py missions/separation*.py missions/live_separation.py",
    "missions/situation.py missions/notice_planner.py missions/patient_words.py",
    "missions/trial.py missions/store_sql.py missions/recurrence.py missions/schedule*.py missions/patrol*.py",
    "missions/rounds/planner.py missions/rounds_desk.py",
    "missions/document.py missions/coverage/ground.py missions/coverage/plan.py missions/coverage_prover.py",
    "missions/proof_of_coverage.py missions/approved.py missions/overdue.py missions/tubes.py",
    "perception/look.py perception/source.py",
    "perception/rules/bin.py perception/rules/clutter.py perception/rules/crowd.py",
    "perception/rules/person_down.py perception/rules/vendor.py",
)
# Words to machines and to those who write programs.
NOT_SAID = re.compile(
    r"^(orders of \{|a GeoJSON FeatureCollection in the form|GeoJSON, KML, KMZ, ED-269|a look needs|a patrol run needs"
    r"|database: no answer|service \{\} is not|SignedIn found|a place of the baseline has|give lon, lat, radius in m"
    r"|.*\$\{|the video stream changed|not available$|is not running$|fails again and again$|is no address"
    r"|give https://)"
)
# Ends and beginnings of sentences that the catalogue has as wholes.
PIECES = {
    " (a building hid it in {} pictures)",
    "above the floor",
    "below the ceiling",
    "compare plans",
    "leaves the keep-in zone by {} m",
    "left flying, as the settings of its agent say",
    "left where a person holds it",
    "keeps clear of",
    "makes way for",
    "no limit",
    "passes {} m from",
    "plan rounds",
    "passes {} m from its border",
    "seen in {} of {} s in view",
    "sent home",
    "the ground",
    "to keep it apart from others",
    "to make way for a look",
}
QUIET_CALLS = {
    "debug",
    "info",
    "warning",
    "error",
    "exception",
    "critical",
    "Field",
    "Query",
    "text",
    "Path",
    "compile",
}
ONE_LITERAL = re.compile(r"[a-z]+ [a-z]+")


class Speech(ast.NodeVisitor):
    """Gathers the sentences of a module: texts of at least two words, but not those for logs and documentation."""

    def __init__(self) -> None:
        self.found: list[tuple[int, str]] = []

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in QUIET_CALLS:
            self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self.found.append((node.lineno, "".join(_piece(part) for part in node.values)))

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.found.append((node.lineno, node.value))


def _piece(part: ast.expr) -> str:
    return str(part.value) if isinstance(part, ast.Constant) else "{}"


def sentences() -> Iterator[tuple[str, str]]:
    """Yield every text of the speaking modules with its place; a value in it is {}."""
    patterns = [pattern for line in SPEAKING for pattern in line.split()]
    for file in sorted({file for pattern in patterns for file in ROOT.glob(pattern)}):
        speech = Speech()
        speech.visit(ast.parse(file.read_text(encoding="utf-8")))
        for line, text in speech.found:
            yield f"{file.relative_to(ROOT)}:{line}", text


def is_sentence(text: str) -> bool:
    return text not in PIECES and bool(ONE_LITERAL.search(text.replace("{}", " "))) and not NOT_SAID.search(text)


def as_pattern(text: str) -> re.Pattern[str]:
    return re.compile(".+".join(re.escape(piece) for piece in text.strip("; ").split("{}")) or ".+")


FORMS = [re.sub(r"\{\w+\}", "¤¤", said["en"]) for said in catalogue().values()]


def test_every_sentence_that_reaches_the_desk_is_in_the_catalogue() -> None:
    unknown = [
        f"{place}: {text}"
        for place, text in sentences()
        if is_sentence(text) and not any(as_pattern(text).fullmatch(one) for one in FORMS)
    ]
    assert unknown == [], "add them to api/sentences.json, with their Chinese"


def test_the_catalogue_holds_nothing_that_nobody_says() -> None:
    said = [as_pattern(text) for text in {text for _, text in sentences()} if len(text.replace("{}", "").strip()) > 1]
    dead = [
        code
        for (code, one), form in zip(catalogue().items(), FORMS, strict=True)
        if code not in STRUCTURE and not any(pattern.search(form) for pattern in said)
    ]
    assert dead == []


STRUCTURE = {"who_because", "leg_because", "because_at", "because_remedy", "it_because", "vehicle_because"}


def test_readiness_is_said_in_the_words_of_its_own_table() -> None:
    other = {"because": "¤", "state": "¤", "why": "¤", "words": "¤", "order_state": "¤"}
    for code, texts in TEXTS.items():
        said = catalogue()[f"ready.{code}"]
        for ours, theirs in zip((said["en"], said["zh"]), texts, strict=True):
            assert re.sub(r"\{(\w+)\}", lambda found: other.get(found[1], found[1]), ours) == re.sub(
                r"\$\{(\w+)\}", lambda found: other.get(found[1], found[1]), theirs
            )


def test_both_languages_tell_the_same_values() -> None:
    for code, said in catalogue().items():
        assert said["zh"].strip(), code
        assert set(re.findall(r"\{(\w+)\}", said["en"])) == set(re.findall(r"\{(\w+)\}", said["zh"])), code


@pytest.mark.parametrize("code", catalogue())
def test_a_sentence_is_read_back_by_its_code(code: str) -> None:
    values = {"because": "it goes on", "remedy": "load it again", "place": "(121.400000, 31.300000)"}
    names = re.findall(r"\{(\w+)\}", catalogue()[code]["en"])
    filled = {
        name: values.get(name, "12.5" if re.search(r"(^n|_m|_s|^percent|^area)$", name) else "x1") for name in names
    }
    (said,) = read(catalogue()[code]["en"].format(**filled))
    assert said.code == code
    assert {name: value for name, value in said.params.items() if isinstance(value, str)} == {
        name: value for name, value in filled.items() if name not in {"because", "remedy"}
    }


def test_reasons_within_reasons_are_read_too() -> None:
    (said,) = read("nobody could begin it in time: drone-1: its order; it has not landed in time")[:1]
    assert said.code == "run.not_begun"
    two = read(
        "drone-1: is busy (coming home); drone-2: enters the keep-out zone Pond (the ground to 30 m), 4.0 m are needed"
    )
    assert [one.code for one in two] == ["who_because", "who_because"]
    inner = two[1].params["because"]
    assert isinstance(inner, tuple)
    assert inner[0].code == "proof.enters_keep_out"
    heights = inner[0].params["heights"]
    assert heights == (Said(code="proof.from_ground", params={"ceiling_m": "30"}),)


def test_what_a_person_wrote_stays_as_it_is() -> None:
    assert read("the crane is in the way today") == ()
    (said,) = read("cancelled by supervisor: the crane is in the way")
    assert said == Said(code="run.cancelled", params={"by": "supervisor", "words": "the crane is in the way"})
    mixed = read("the crane is in the way; it is landing")
    assert [one.code for one in mixed] == [AS_IT_IS, "agent.landing"]


def test_the_catalogue_is_written_in_one_form() -> None:
    text = (ROOT / "api" / "sentences.json").read_text(encoding="utf-8")
    lines = [f"  {json.dumps(code)}: {json.dumps(said, ensure_ascii=False)}" for code, said in catalogue().items()]
    assert text == "{\n" + ",\n".join(lines) + "\n}\n"


def test_who_says_it_is_not_taken_for_a_part_of_it() -> None:
    (said,) = read("drone-2: leg 11 of drone-2 comes within 0 m of the way home of drone-1")
    assert (said.code, said.params["who"]) == ("who_because", "drone-2")


def test_a_list_of_reasons_is_read_whole() -> None:
    reasons = (
        "is busy (coming home)",
        "leaves the keep-in zone by 3.2 m; 5.0 m inside of it are needed at (121.400000, 31.300000)",
        "its link is lost: nothing heard from its agent for 12 s",
        "enters the keep-out zone Pond (the ground to 30 m), 4.0 m are needed",
    )
    text = "nobody could begin it in time: " + "; ".join(f"drone-{n}: {reasons[n % 4]}" for n in range(12))
    assert LONGEST - 200 < len(text) <= LONGEST
    each = ["who_because", "because_at", "who_because", "who_because"]
    assert [one.code for one in read(text)] == ["run.not_begun", *each[1:], *each * 2]


def test_no_sentence_eats_the_next() -> None:
    said = read("patrol; the run is over; it holds")
    assert said == (
        Said(code=AS_IT_IS, params={"text": "patrol"}),
        Said(code="run.is", params={"run_state": "over"}),
        Said(code="agent.holds"),
    )
    (cancelled, rest) = read("cancelled by supervisor: the crane; it holds")
    assert (cancelled.params["words"], rest.code) == ("the crane", "agent.holds")


def test_names_and_peoples_words_within_a_sentence_stay_words() -> None:
    (cancelled,) = read("cancelled by supervisor: is busy (lunch)")
    assert cancelled.params["words"] == "is busy (lunch)"
    (inside,) = read("is inside the keep-out zone the dock")
    assert inside.params["zone"] == "the dock"


class Tried(Exception):
    """More was tried than may be."""


class CountingPattern:
    """Stands for the pattern of a form, and counts how often any of them is tried."""

    tries = 0

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self._pattern = pattern

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """Try the form; raises Tried beyond the bound."""
        type(self).tries += 1
        if type(self).tries > MOST_TRIES:
            raise Tried(text)
        return self._pattern.fullmatch(text)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> type[CountingPattern]:
    """Count the tries of forms from here on."""
    forms = [replace(form, pattern=CountingPattern(form.pattern)) for form in api.sentences._forms()]  # type: ignore[arg-type]
    monkeypatch.setattr(api.sentences, "_forms", lambda: forms)
    monkeypatch.setattr(CountingPattern, "tries", 0)
    read.cache_clear()
    return CountingPattern


HOSTILE = (
    "x; the place was well in view for ",
    " s; ",
    "a b is ",
    "a b and ",
    "it ",
    "a: ",
    "leg 1, ",
    "the run is ",
    "; it has not landed in time",
    "drone-1: is busy (a) at 1.0, 2.0 ",
    "the agent was stopped; sending the vehicle home failed: ",
)


@pytest.mark.parametrize("head", HOSTILE)
def test_no_text_costs_more_than_so_many_tries(head: str, counted: type[CountingPattern]) -> None:
    for again in HOSTILE:
        counted.tries = 0
        read((head + again * 500)[:LONGEST])
        assert 0 < counted.tries <= MOST_TRIES
        counted.tries = 0
        assert read((head + again * 500)[:2000]) == ()
        assert counted.tries == 0


async def move(controller: Controller, incident_id: str, because: str) -> dict[str, Any]:
    worker = await controller.sign_in("grid_worker", name="grid1")
    revision = (await worker.get(f"incidents/{incident_id}")).json()["revision"]
    body = {"to": "accepted", "because": because, "revision": revision}
    answer = await worker.post(f"incidents/{incident_id}/moves", json=body)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = (await worker.get(f"incidents/{incident_id}")).json()
    return told


@pytest.mark.parametrize("because", ["a b is " * 46, "a b and " * 60, "leg 3", "the dock", "is busy (lunch)"])
async def test_a_persons_because_is_stored_and_stays_words(controller: Controller, because: str) -> None:
    told = await move(controller, await take(controller, a_sighting(controller)), because)
    assert (told["state"], told["because"], told["because_said"]) == ("accepted", because, [])
    line = next(line for line in told["timeline"] if line["what"] == "accepted")
    assert (line["because"], line["because_said"]) == (because, [])
    events = (await (await controller.sign_in("supervisor")).get("events", params={"after": 0})).json()["events"]
    moved = [one["body"] for one in events if one["body"].get("state") == "accepted"]
    assert [one["because_said"] for one in moved] == [[]]


async def test_the_services_own_steps_are_said_by_code(controller: Controller) -> None:
    told = await move(controller, await take(controller, a_sighting(controller)), "the dock")
    own = {line["what"]: [one["code"] for one in line["because_said"]] for line in told["timeline"]}
    assert own["dispatched"] == ["incident.responsible"]
    assert own["accepted"] == []


async def test_an_alarm_says_our_words_by_code_and_a_persons_as_they_are(controller: Controller) -> None:
    panel, desk = await controller.sign_in("resident_device", panel_id="gate"), await controller.sign_in("supervisor")
    await panel.post("panel/presses", json={"press_id": new_id(), "pressed_at": "2026-01-05T08:00:00Z"})
    (alarm,) = (await desk.get("alarms", params={"open": True})).json()["alarms"]
    assert [one["code"] for one in alarm["because_said"]] == ["alarm.pressed"]
    await desk.post(f"alarms/{alarm['id']}/moves", json={"to": "answered", "because": "the dock"})
    told = (await desk.get(f"alarms/{alarm['id']}")).json()
    assert (told["because"], told["because_said"]) == ("the dock", [])
    said = {line["what"]: [one["code"] for one in line["because_said"]] for line in told["timeline"]}
    assert (said["ringing"], said["answered"]) == (["alarm.rings"], [])


@pytest.mark.parametrize(
    "key", ["x; the place was well in view for " + " s; " * 170, "a b is " * 60, "the run is over; it holds"]
)
async def test_what_a_stranger_sends_is_not_read_at_all(
    controller: Controller, key: str, counted: type[CountingPattern]
) -> None:
    answer = await controller.client().post("session", json={"user": "a", "password": "b", key: 1})
    told = answer.json()
    assert (answer.status_code, told["code"], told["detail_said"]) == (422, "invalid_input", [])
    assert key in told["detail"]
    assert counted.tries == 0
