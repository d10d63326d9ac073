"""What an order of an oral drug amounts to in a day, read from fields and from text."""

from decimal import Decimal

import pytest

from hooks.concepts import HYDROXYUREA
from hooks.ordered_dose import DailyDose, daily_dose, from_text
from tests.patients import chart, given, order

CAPSULES = "Hydroxyurea 500 mg oral capsule"


def daily(*orders):
    """The milligrams of a day, as text; with those per kg behind a plus."""
    dose = daily_dose(chart(*orders).orders)
    if dose is None:
        return None
    per_kg = [f"{dose.mg_per_kg.normalize():f}/kg"] if dose.mg_per_kg else []
    plain = [f"{dose.mg.normalize():f}"] if dose.mg else []
    return "+".join([*plain, *per_kg])


def hydroxyurea(name=CAPSULES, **more):
    return order(HYDROXYUREA, name=name, **more)


FIELDS = {
    "milligrams once a day": (("3500 mg", 1), "3500"),
    "milligrams twice a day": (("1750 mg", 2), "3500"),
    "milligrams every other day": (("1000 mg", 0.5), "500"),
    "grams": (("1.5 g", 2), "3000"),
    "micrograms": (("500000 mcg", 1), "500"),
    "milligrams a day, which need no frequency": (("3500 mg/d", None), "3500"),
    "milligrams a day in two doses count once": (("3500 mg/day", 2), "3500"),
    "per kilogram once a day": (("50 mg/kg", 1), "50/kg"),
    "per kilogram twice a day": (("25 mg/kg", 2), "50/kg"),
    "per kilogram and day": (("50 mg/kg/d", None), "50/kg"),
    "per kilogram and day with a dot": (("50 mg/kg.d", None), "50/kg"),
    "per kilogram and day in brackets": (("50 mg/(kg.d)", None), "50/kg"),
    "per kilogram and dose": (("25 mg/kg/dose", 2), "50/kg"),
    "capsules": (("7 capsule", 1), "3500"),
    "capsules, annotated": (("7 {capsule}", 1), "3500"),
    "capsules, plural in brackets": (("7 capsule(s)", 1), "3500"),
    "pieces without a word": (("7 1", 1), "3500"),
    "milligrams without a frequency": (("3500 mg", None), None),
    "capsules without a frequency": (("7 capsule", None), None),
    "per body surface area": (("1000 mg/m2", 1), None),
    "no unit": (("7", 1), None),
    "units that are no mass": (("7 [IU]", 1), None),
    "nothing": (("0 mg", 1), None),
    "milliliters of capsules": (("7 mL", 1), None),
}


@pytest.mark.parametrize(("said", "expected"), FIELDS.values(), ids=FIELDS)
def test_fields(said, expected):
    dose, times = said
    assert daily(hydroxyurea(dose=dose, times=times)) == expected


def test_pieces_count_by_the_strength_in_the_name():
    assert daily(hydroxyurea("Droxia 200 mg capsule", dose="5 capsule", times=1)) == "1000"
    assert daily(hydroxyurea("Hydroxyurea capsule", dose="5 capsule", times=1)) is None


@pytest.mark.parametrize(
    "name", ["Hydroxyurea 100 mg/mL oral solution", "Hydroxyurea 500 mg/5 mL suspension"]
)
def test_milliliters_count_by_the_concentration_in_the_name(name):
    assert daily(hydroxyurea(name, dose="35 mL", times=1)) == "3500"
    assert daily(hydroxyurea(name, dose="7 capsule", times=1)) is None


TEXTS = {
    "3500 mg po daily": "3500",
    "3,500 mg by mouth once daily": "3500",
    "3500 mg/day": "3500",
    "1750 mg bid": "3500",
    "1750 mg b.i.d.": "3500",
    "1000 mg three times a day": "3000",
    "1000 mg TID": "3000",
    "1000 mg q8h": "3000",
    "875 mg every 6 hours": "3500",
    "1.5 g twice daily": "3000",
    "50 mg/kg/day": "50/kg",
    "50 mg/kg po once daily": "50/kg",
    "25 mg per kg twice a day": "50/kg",
    "take 7 capsules by mouth once daily": "3500",
    "seven capsules every morning": "3500",
    "7 capsules of 500 mg once daily": "3500",
    "7 x 500 mg daily": "3500",
    "7 capsules (3500 mg) daily for 3 days": "3500",
    "2 tablets by PEG tube twice daily with water": "2000",
    "3500 mg": None,
    "7 capsules": None,
    "500 mg every other day": None,
    "1000 mg weekly": None,
    "3500 mg/day bid": None,
    "7 capsules (3000 mg) daily": None,
    "2000 mg in the morning and 1500 mg in the evening": None,
    "3500 mg daily until WBC below 50": None,
    "7 capsules 50 mg/kg daily": None,
    "3500-4000 mg daily": None,
    "up to 3500 mg daily": None,
    "3500 mg daily or twice daily": None,
    "3500 mg once daily twice daily": None,
    "as directed": None,
    "": None,
}


@pytest.mark.parametrize(("text", "expected"), TEXTS.items(), ids=TEXTS)
def test_texts(text, expected):
    assert daily(hydroxyurea(instructions=({"text": text},))) == expected


def test_a_name_may_say_all_where_there_are_no_instructions():
    assert daily(order("Hydroxyurea 3500 mg PO daily")) == "3500"
    assert daily(order(CAPSULES)) is None
    assert daily(order("Hydroxyurea 500 mg capsule daily")) is None
    assert daily(order("Hydroxyurea 3500 mg PO daily", text="as directed")) is None


def test_text_and_fields_of_one_instruction_are_one_dose():
    assert daily(hydroxyurea(dose="3500 mg", times=1, text="7 capsules daily")) == "3500"
    assert daily(hydroxyurea(dose="3500 mg", text="3500 mg by mouth once daily")) == "3500"
    assert daily(hydroxyurea(dose="3500 mg", text="once daily, before sleep")) == "3500"
    assert daily(hydroxyurea(times=2, text="1750 mg by mouth")) == "3500"


def test_of_two_statements_of_one_dose_the_larger_counts():
    """A capsule's strength in the dose field must not hide the seven capsules of the text."""
    assert daily(hydroxyurea(dose="500 mg", times=1, text="Take 7 capsules daily")) == "3500"


def test_a_frequency_that_text_and_fields_contradict_is_none():
    assert daily(hydroxyurea(times=1, text="1750 mg twice daily")) is None
    assert daily(hydroxyurea(dose="500 mg", text="every other day")) is None
    assert daily(hydroxyurea(dose="500 mg", text="daily, alternating with 1000 mg")) is None


def test_what_a_dose_per_kg_was_worked_out_to_be_counts():
    once = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    ordered = {"type": {"text": "ordered"}, "doseQuantity": {"value": 50, "unit": "mg/kg"}}
    calculated = {"type": {"text": "calculated"}, "doseQuantity": {"value": 3300, "unit": "mg"}}
    both = {"timing": once, "doseAndRate": [ordered, calculated]}
    assert daily(hydroxyurea(instructions=(both,))) == "3300"


MORNING, EVENING = given("2000 mg", times=1), given("1500 mg", times=1)


def test_instructions_side_by_side_add_up():
    assert daily(hydroxyurea(instructions=(MORNING, EVENING))) == "3500"
    same_stage = ({**MORNING, "sequence": 1}, {**EVENING, "sequence": 1})
    assert daily(hydroxyurea(instructions=same_stage)) == "3500"
    per_kg = given("10 mg/kg", times=1)
    assert daily(hydroxyurea(instructions=(MORNING, per_kg))) == "2000+10/kg"


def test_of_instructions_that_follow_each_other_the_largest_counts():
    steps = ({**EVENING, "sequence": 1}, {**MORNING, "sequence": 2})
    assert daily(hydroxyurea(instructions=steps)) == "2000"


def test_an_instruction_that_is_not_read_leaves_the_whole_open():
    assert daily(hydroxyurea(instructions=(MORNING, {"text": "as directed"}))) is None
    steps = ({**MORNING, "sequence": 1}, {"text": "taper as directed", "sequence": 2})
    assert daily(hydroxyurea(instructions=steps)) is None


def test_orders_add_up_and_one_that_is_not_read_leaves_all_open():
    first, second = hydroxyurea(dose="2000 mg", times=1), order(HYDROXYUREA, identity="second")
    assert daily(first, hydroxyurea(dose="1500 mg", times=1, identity="other")) == "3500"
    assert daily(first, second) is None
    assert daily_dose(()) is None


def test_a_dose_per_kg_needs_a_weight():
    dose = DailyDose(Decimal(500), Decimal(50))
    assert dose.total_mg(Decimal(60)) == 3500
    assert dose.total_mg(None) is None
    assert DailyDose(Decimal(500)).total_mg(None) == 500


def test_text_may_take_its_times_and_its_strength_from_elsewhere():
    assert from_text("7 capsules", Decimal(1), Decimal(500)) == DailyDose(Decimal(3500))
    assert from_text("7 capsules daily", None, None) is None
