from __future__ import annotations

import base64
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recette.model import AppointmentsTarget, Exchange, Request, Response, SignOnTarget, Target
from recette.reports.masking import (
    BODY_LIMIT,
    EvidenceMasks,
    locate,
    mask_exchange,
    mask_finding,
    mask_header,
    mask_target,
    mask_text,
    shorten_body,
    shorten_text,
)
from tests.recette.reports import samples

SECRET = "s3cr3t-Value_42"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiI4MTAwMDAwMDAwMDEifQ.c2lnbmF0dXJl"


def sent(
    headers: tuple[tuple[str, str], ...] = (),
    target: str = "/fhir/Slot",
    answer_headers: tuple[tuple[str, str], ...] = (),
    body: bytes = b"",
) -> Exchange:
    return samples.exchange(
        request=Request("GET", "http://agenda.example" + target, target, headers),
        response=Response(200, answer_headers, body),
    )


def everything(exchange: Exchange) -> str:
    return repr(exchange)


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Authorization", f"Bearer {SECRET}", "Bearer ***"),
        ("authorization", SECRET, "***"),
        ("Proxy-Authorization", f"Basic {SECRET}", "Basic ***"),
        ("Cookie", f"session={SECRET}; theme={SECRET}", "session=***; theme=***"),
        ("Set-Cookie", f"session={SECRET}; Path=/; HttpOnly", "session=***; Path=/; HttpOnly"),
        ("X-Api-Key", SECRET, "***"),
        ("X-Auth-Token", SECRET, "***"),
        ("Content-Type", "application/fhir+json", "application/fhir+json"),
        ("WWW-Authenticate", 'Bearer error="invalid_token"', 'Bearer error="invalid_token"'),
        ("Location", f"https://a.example/cb?code={SECRET}&state=x", "https://a.example/cb?code=***&state=x"),
    ],
)
def test_a_header_keeps_its_form_and_loses_its_secret(name: str, value: str, shown: str) -> None:
    assert mask_header(name, value) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"/a?access_token={SECRET}&x=1", "/a?access_token=***&x=1"),
        (f"/a?x=1&API_KEY={SECRET}#f", "/a?x=1&API_KEY=***#f"),
        (f"/a?x=1&amp;id_token={SECRET}", "/a?x=1&amp;id_token=***"),
        (f"https://user:{SECRET}@host/", "https://user:***@host/"),
        (f'{{"access_token": "{SECRET}", "n": 1}}', '{"access_token": "***", "n": 1}'),
        (f"see {JWT}.", "see ***."),
        (f"Authorization: Bearer {SECRET}", "Authorization: Bearer ***"),
        ("/fhir/Slot?code=AMB&status=free", "/fhir/Slot?code=AMB&status=free"),
        ("/fhir/Slot?code=http://snomed.info/sct|73211009", "/fhir/Slot?code=http://snomed.info/sct|73211009"),
        ("/fhir/Slot?code=123456789012345678901234", "/fhir/Slot?code=123456789012345678901234"),
        ("/retour?code=Jx9-pLq2_Vb7nMwe4RtZ81", "/retour?code=***"),
        ("/retour?state=s&code=abc", "/retour?state=s&code=***"),
        (f"identifiant=a%40b.example&mot_de_passe={SECRET}", "identifiant=a%40b.example&mot_de_passe=***"),
        (f"login=a&password={SECRET}&csrf={SECRET}", "login=a&password=***&csrf=***"),
        (f"/fin?id_token_hint={SECRET}&state=x", "/fin?id_token_hint=***&state=x"),
        (f'<input type="hidden" name="csrf" value="{SECRET}">', '<input type="hidden" name="csrf" value="***">'),
        (f"<input value='{SECRET}' name=csrf_token>", '<input value="***" name=csrf_token>'),
        ('<input name="family" value="BELLANGER">', '<input name="family" value="BELLANGER">'),
        ("bearer authentication required", "bearer authentication required"),
        ("urn:oid:1.2.250.1.71.4.2.1|810000000001", "urn:oid:1.2.250.1.71.4.2.1|810000000001"),
    ],
)
def test_what_has_the_form_of_a_secret_is_masked_and_nothing_else(text: str, shown: str) -> None:
    assert mask_text(text) == shown


def test_a_secret_that_the_server_echoes_is_masked_everywhere() -> None:
    body = f"you sent {SECRET} and <b>{SECRET}</b>".encode()
    exchange = sent((("Authorization", f"Bearer {SECRET}"),), answer_headers=(("X-Echo", SECRET),), body=body)
    masked = mask_exchange(exchange)
    assert SECRET not in everything(masked)
    assert masked.response is not None
    assert masked.response.body == b"you sent *** and <b>***</b>"


def test_what_a_form_sends_in_secret_is_masked_where_the_page_repeats_it() -> None:
    request = Request(
        "POST",
        "https://sas.example/connexion",
        "/connexion",
        (("Content-Type", "application/x-www-form-urlencoded"),),
        b"email=a%40b.example&password=s%C3%A9same-2031",
    )
    answer = Response(200, (("Content-Type", "text/html"),), "<p>« sésame-2031 » est faux</p>".encode())
    masked = mask_exchange(samples.exchange(request=request, response=answer))
    assert masked.request.body == b"email=a%40b.example&password=***"
    assert "same-2031" not in everything(masked)


def test_what_the_target_file_gives_in_secret_is_masked_wherever_it_stands() -> None:
    masks = EvidenceMasks()
    sso = SignOnTarget("https://sas.example/realms/sas", login="a", password="mot/à part", client_secret="k3y-of-us")
    appointments = AppointmentsTarget(staff_password="C4binet-2031")
    shown = masks.target(Target("https://agenda.example", sso=sso, appointments=appointments))
    assert "part" not in repr(shown)
    request = Request("POST", "https://x.example/", "/", (), b"a=mot%2F%C3%A0+part&b=C4binet-2031")
    answer = Response(200, (), "<p>mot/à part, k3y-of-us</p>".encode())
    masked = masks.exchange(samples.exchange(request=request, response=answer), ())
    assert masked.request.body == b"a=***&b=***"
    assert masked.response is not None
    assert masked.response.body == b"<p>***, ***</p>"


def test_the_decoded_password_of_basic_credentials_is_masked_too() -> None:
    credentials = base64.b64encode(b"agenda:mot-de-passe").decode()
    masked = mask_exchange(sent((("Authorization", f"Basic {credentials}"),), body=b"bad password mot-de-passe"))
    assert "mot-de-passe" not in everything(masked)


def test_a_token_of_the_query_is_masked_in_url_target_and_body_also_when_encoded() -> None:
    exchange = sent(target="/fhir/Slot?access_token=abc%2Fdef%3D1&status=free", body=b'"abc/def=1" "abc%2Fdef%3D1"')
    masked = mask_exchange(exchange)
    assert masked.request.target == "/fhir/Slot?access_token=***&status=free"
    assert masked.request.url.endswith("/fhir/Slot?access_token=***&status=free")
    assert masked.response is not None
    assert masked.response.body == b'"***" "***"'


def test_a_secret_in_the_part_that_is_cut_off_leaves_no_half() -> None:
    body = b"x" * (BODY_LIMIT // 2) + b'"access_token":"' + SECRET.encode() * 3_000 + b'"'
    masked = mask_exchange(sent(body=body))
    assert SECRET not in everything(masked)


def test_identifiers_and_answers_without_secret_are_left_as_they_are() -> None:
    assert mask_exchange(samples.exchange()) == samples.exchange()


@given(st.binary(max_size=400), st.text(max_size=40))
def test_masking_twice_changes_nothing_more(body: bytes, text: str) -> None:
    exchange = sent(
        (("Authorization", f"Bearer {text}"), ("Cookie", text), ("X-Token", text)),
        target=f"/a?token={text}",
        answer_headers=(("Set-Cookie", text), ("Location", text)),
        body=body + text.encode("utf-8", "replace"),
    )
    once = mask_exchange(exchange, limit=200)
    assert mask_exchange(once, limit=200) == once


def test_hostile_bodies_are_masked_in_linear_time() -> None:
    patterns = (b"eyJ-" * 200_000, b"://a" * 200_000, b";" + b"a" * 800_000, b"bearer " * 110_000, b'"token"' * 110_000)
    begun = time.perf_counter()
    for pattern in patterns:
        mask_exchange(sent(body=pattern))
    # Squared, any one of them takes minutes.
    assert time.perf_counter() - begun < 10


def test_the_target_loses_the_password_of_its_address() -> None:
    assert mask_target(Target("https://u:pass-word@a.example/fhir")).base_url == "https://u:***@a.example/fhir"


def test_what_a_finding_quotes_is_masked_and_bounded() -> None:
    found = samples.red().findings[0]
    quoting = samples.finding(samples.red().checks[0], found.message, actual=f"Bearer {SECRET}" + "y" * 50_000)
    masked = mask_finding(quoting)
    assert masked.actual is not None
    assert SECRET not in masked.actual
    assert len(masked.actual) < 2_200
    assert masked.expected is None
    assert masked.identity == quoting.identity


# --- bulk ------------------------------------------------------------------------------------------------------------


def left_out(body: bytes) -> int:
    return sum(int(number) for number in re.findall(rb"recette : (\d+) octets", body))


def test_a_body_within_the_limit_is_whole() -> None:
    assert shorten_body(b"a" * 100, 100) == b"a" * 100


@given(st.text(st.characters(codec="utf-8"), min_size=100, max_size=3_000), st.integers(200, 900))
def test_a_cut_body_says_exactly_what_it_left_out_and_splits_no_character(text: str, limit: int) -> None:
    body = text.encode()
    cut = shorten_body(body, limit)
    cut.decode("utf-8")
    if cut != body:
        assert len(cut) <= limit
        kept = re.sub(rb"\n\[\xe2\x80\xa6 recette : \d+ octets omis / bytes left out \xe2\x80\xa6\]\n", b"", cut)
        assert len(kept) + left_out(cut) == len(body)


def test_head_tail_and_what_surrounds_the_finding_are_kept() -> None:
    body = samples.bundle(3_000)
    cut = shorten_body(body, BODY_LIMIT, ("Bundle.entry[1700].resource.start",))
    assert len(cut) <= BODY_LIMIT
    assert b'"id": "s1700"' in cut
    assert cut.startswith(body[:500])
    assert cut.endswith(body[-500:])
    assert b'"id": "s900"' not in cut
    assert left_out(cut) > len(body) - BODY_LIMIT - 1


def test_several_places_are_kept() -> None:
    cut = shorten_body(samples.bundle(3_000), BODY_LIMIT, ("Bundle.entry[700].resource", "Bundle.entry[2200].resource"))
    assert b'"id": "s700"' in cut
    assert b'"id": "s2200"' in cut


def test_a_path_that_leads_nowhere_leaves_head_and_tail() -> None:
    body = b"[" + b"1," * 40_000 + b"1]"
    assert shorten_body(body, 1_000, ("Bundle.entry[3]", "header Content-Type", "")) == shorten_body(body, 1_000)


def test_a_long_text_says_how_many_characters_it_lost() -> None:
    cut = shorten_text("a" * 500 + "b" * 500, 200)
    assert len(cut) <= 200
    match = re.fullmatch(r"(a+) \[… recette : (\d+) caractères omis / characters left out …\] (b+)", cut)
    assert match is not None
    assert len(match[1]) + int(match[2]) + len(match[3]) == 1_000


def test_a_thousand_headers_become_a_hundred_and_their_count() -> None:
    headers = tuple((f"X-{index}", "v" * 5_000) for index in range(1_000))
    masked = mask_exchange(sent(answer_headers=headers))
    assert masked.response is not None
    assert len(masked.response.headers) == 101
    assert masked.response.headers[-1] == ("X-Recette-Headers-Left-Out", "900")
    assert max(len(value) for _, value in masked.response.headers) < 3_000


# --- places ----------------------------------------------------------------------------------------------------------

JSON = ' {"a": [1, {"b": "x\\"y", "c": [true, null]}], "é": {"d": 2}, "Type": {"x": 9}} '


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a[0]", "1"),
        ("Bundle.a[1].b", '"x\\"y"'),
        ("a[1].c[1]", "null"),
        ("é.d", "2"),
        ("a[1].missing", '{"b": "x\\"y", "c": [true, null]}'),
        ("a[7]", '[1, {"b": "x\\"y", "c": [true, null]}]'),
        ("a.b", '[1, {"b": "x\\"y", "c": [true, null]}]'),
        ("é.d.e", "2"),
    ],
)
def test_a_path_leads_to_its_value_or_to_the_deepest_part_that_exists(path: str, found: str) -> None:
    span = locate(JSON, path)
    assert span is not None
    assert JSON[slice(*span)] == found


@pytest.mark.parametrize(
    ("text", "path"), [(JSON, "nowhere"), (JSON, ""), ("<html>", "a"), ("", "a"), ("[" * 9_999, "[0]")]
)
def test_what_is_not_there_is_not_found(text: str, path: str) -> None:
    assert locate(text, path) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
        max_leaves=20,
    ),
    st.data(),
)
def test_every_place_of_a_document_is_found(document: object, data: st.DataObject) -> None:
    path, value = "", document
    while isinstance(value, list | dict) and value and (path == "" or data.draw(st.booleans())):
        key = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else list(range(len(value)))))
        path += f"[{key}]" if isinstance(value, list) else f".{key}"
        value = value[key]
    text = json.dumps(document)
    span = locate(text, path)
    if path:
        assert span is not None
        assert json.loads(text[slice(*span)]) == value
