"""A fault file is read whole, or refused by its key with what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from sas_kernel.faults import reader
from sas_kernel.faults.model import Cut, Direction, Duplicate, InvalidFaultError, Reset, Side, Skew, Status, When
from sas_kernel.flows import Flow


def test_what_comes_with_the_bench_is_read_and_said_in_both_languages() -> None:
    known = reader.builtin()
    assert len(known) > 15
    assert all(fault.text.fr and fault.text.en and fault.text.fr != fault.text.en for fault in known)
    assert {side for fault in known for side in fault.sides} == {*Side}
    assert {fault.direction for fault in known} == {*Direction}


def test_a_fault_says_where_when_and_what() -> None:
    (fault,) = reader.parse(
        '[[fault]]\nname = "a"\ninterface = "regulators"\ndirection = "send"\npercent = 5\nseed = 3\nuntil = 60\n'
        "status = 503\nretry_after = 2\nprocessed = true\n"
    )
    assert (fault.name, fault.interface, fault.direction) == ("a", Flow.REGULATORS, Direction.SEND)
    assert fault.sides == {Side.PLATFORM}
    assert fault.when == When(percent=5.0, seed=3, end=60.0)
    assert fault.effect == Status(503, 2, processed=True)


@pytest.mark.parametrize(
    ("interface", "direction", "side"),
    [
        ("slot_search", "answer", Side.AGENDA),
        ("slot_search", "send", Side.PLATFORM),
        ("appointments", "answer", Side.PLATFORM),
        ("appointments", "send", Side.AGENDA),
        ("sso", "answer", Side.PLATFORM),
    ],
)
def test_who_has_the_interface_plays_the_fault(interface: str, direction: str, side: Side) -> None:
    (fault,) = reader.parse(
        f'[[fault]]\nname = "a"\ninterface = "{interface}"\ndirection = "{direction}"\nreset = "half"'
    )
    assert fault.sides == {side}
    assert fault.effect == Reset(Cut.HALF)
    assert reader.of_side((fault,), side) == (fault,)
    assert reader.of_side((fault,), next(iter({*Side} - {side}))) == ()


def test_a_second_copy_is_sent_and_a_clock_is_the_whole_services() -> None:
    copy, clock = reader.parse('[[fault]]\nname = "a"\nduplicate = 0\n[[fault]]\nname = "b"\nclock = -90')
    assert (copy.direction, copy.effect) == (Direction.SEND, Duplicate(0.0))
    assert (clock.direction, clock.effect) == (Direction.ANSWER, Skew(-90.0))
    assert clock.sides == {*Side}


@pytest.mark.parametrize(
    ("row", "key"),
    [
        ("status = 503", "name"),
        ('name = "Trop Grand"\nstatus = 503', "name"),
        ('name = "a"', "…"),
        ('name = "a"\nstatus = 503\ndelay = 1', "status"),
        ('name = "a"\nstatus = 5030', "status"),
        ('name = "a"\nstatus = 503\nretryafter = 1', "retryafter"),
        ('name = "a"\nstatus = 503\nevery = 0', "every"),
        ('name = "a"\nstatus = 503\npercent = 101', "percent"),
        ('name = "a"\nstatus = 503\nfrom = 10\nuntil = 5', "until"),
        ('name = "a"\nstatus = 503\nfrom = 2026-12-01T08:00:00', "from"),
        ('name = "a"\nstatus = 503\ninterface = "search"', "interface"),
        ('name = "a"\nstatus = 503\ninterface = "sso"\nservice = "agenda"', "service"),
        ('name = "a"\nstatus = 503\npath = "fhir"', "path"),
        ('name = "a"\nstatus = 503\ndirection = "both"', "direction"),
        ('name = "a"\nduplicate = 0\ndirection = "answer"', "direction"),
        ('name = "a"\nclock = 60\ndirection = "send"', "direction"),
        ('name = "a"\nclock = 60\nevery = 2', "clock"),
        ('name = "a"\ndelay = -1', "delay"),
        ('name = "a"\ndelay = { median = 5, p99 = 1 }', "delay"),
        ('name = "a"\ndelay = { percentiles = { 95 = 1, 99 = 0.5 } }', "delay"),
        ('name = "a"\ndelay = { mean = 5 }', "delay"),
        ('name = "a"\nreset = "soon"', "reset"),
        ('name = "a"\nreset = "half"\nprocessed = true', "processed"),
        ('name = "a"\ntruncate = 1', "truncate"),
        ('name = "a"\ndrip = 0', "drip"),
        ('name = "a"\ncontent_type = "html"', "content_type"),
        ('name = "a"\ncharset = "klingon"', "charset"),
        ('name = "a"\nlost_answer = false', "lost_answer"),
        ('name = "a"\nlost_answer = true\nby_header = true', "by_header"),
        ('name = "a"\nstatus = 503\nby_header = true\nevery = 2', "by_header"),
    ],
)
def test_what_is_wrong_is_told_by_its_key(row: str, key: str) -> None:
    with pytest.raises(InvalidFaultError) as refused:
        reader.parse("[[fault]]\n" + row)
    assert f"« {key} »" in refused.value.text.fr
    assert f"'{key}'" in refused.value.text.en
    assert "attendu" in refused.value.text.fr


@pytest.mark.parametrize("text", ["", "x = 1", "[[fault]]\nname = ", "fault = 3", '[[faults]]\nname = "a"'])
def test_what_is_no_list_of_faults_is_refused(text: str) -> None:
    with pytest.raises(InvalidFaultError):
        reader.parse(text)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    row = '[[fault]]\nname = "drip"\nstatus = 500\n'
    with pytest.raises(InvalidFaultError, match="'drip'"):
        reader.parse(row + row)
    file = tmp_path / "faults.toml"
    file.write_text(row, encoding="utf-8")
    assert [fault.name for fault in reader.loaded([str(file), "html-answer"])] == ["drip", "html-answer"]
    with pytest.raises(InvalidFaultError, match="'drip'"):
        reader.loaded([str(file), "drip"])


def test_a_file_that_is_none_is_told_with_the_names_there_are() -> None:
    with pytest.raises(InvalidFaultError, match="slow-tail"):
        reader.load("slow-tale")
