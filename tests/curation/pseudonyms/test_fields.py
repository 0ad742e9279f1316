"""What the name of a field says about its value."""

from __future__ import annotations

import pytest

from rightsizer.curation.pseudonyms.fields import kind_of_field, may_be_catalogue, names_owner


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("email", "EMAIL_ADDRESS"),
        ("customerEmail", "EMAIL_ADDRESS"),
        ("phone_number", "PHONE_NUMBER"),
        ("first_name", "PERSON"),
        ("fullName", "PERSON"),
        ("收件人", "PERSON"),
        ("address1", "ADDRESS"),
        ("shippingAddress", "ADDRESS"),
        ("zip_code", "POSTCODE"),
        ("order_id", "ID"),
        ("item_ids", "ID"),
        ("account_number_last_4", "ID"),
        ("订单号", "ID"),
        ("date_of_birth", "DATE_OF_BIRTH"),
        ("api_key", "SECRET"),
        ("密码", "SECRET"),
        ("username", "HANDLE"),
        ("company", "ORGANIZATION"),
        ("status", None),
        ("price", None),
        ("name", None),
        ("city", None),
        ("valid", None),
        ("paid", None),
        ("", None),
    ],
)
def test_keys(key: str, kind: str | None) -> None:
    assert kind_of_field(key) == kind


def test_neighbours_tell_whose_name_and_city_it_is() -> None:
    assert kind_of_field("name", "", ("name", "email")) == "PERSON"
    assert kind_of_field("name", "customer", ("name",)) == "PERSON"
    assert kind_of_field("name", "product", ("name", "price")) is None
    assert kind_of_field("city", "address", ("city",)) == "CITY"
    assert kind_of_field("city", "", ("city", "zip")) == "CITY"
    assert kind_of_field("city", "", ("city", "unit")) is None


def test_owners_and_what_may_be_everybodys() -> None:
    assert names_owner("user_id")
    assert names_owner("customerId")
    assert not names_owner("product_id")
    assert may_be_catalogue("product_id")
    assert not may_be_catalogue("payment_method_id")
    assert not may_be_catalogue("order_id")
