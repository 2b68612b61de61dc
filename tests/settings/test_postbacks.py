"""The light beside the postback address: does what SCORM Cloud reports arrive?"""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from app.models import Account, acting_for, now
from app.settings import postbacks
from tests.factories import complete, make_account, make_course, make_enrollment, sign_in

HOUR = timedelta(hours=1)


@pytest.fixture
def account(app: object) -> Account:
    return make_account()


def completed(account: Account, ago: timedelta) -> None:
    complete(make_enrollment(make_course(account)), at=now() - ago)


def light(client: FlaskClient, account: Account) -> str:
    """The words on the page and the tone of the light."""
    sign_in(client, account)
    page = client.get("/settings/scorm-cloud").text
    with acting_for(account.id):
        health = postbacks.health(account)
    assert health.words in page.split('id="postbacks"')[1].split("</dd>")[0]
    return f"{health.tone or 'off'}: {health.words}"


def test_at_first_the_light_is_off(client: FlaskClient, account: Account) -> None:
    assert light(client, account) == "off: None yet"


def test_it_is_green_while_postbacks_tell_of_completions(
    client: FlaskClient, account: Account
) -> None:
    completed(account, ago=HOUR)
    account.last_postback_at = now() - HOUR + timedelta(minutes=1)
    assert light(client, account) == "good: Arriving"


def test_it_warns_when_a_completion_came_without_one(client: FlaskClient, account: Account) -> None:
    completed(account, ago=HOUR)
    assert light(client, account).startswith("warn")
    account.last_postback_at = now() - 3 * HOUR
    assert light(client, account).startswith("warn")
    account.last_postback_at = now()  # such as a test postback
    assert light(client, account) == "good: Arriving"


def test_results_of_others_do_not_count(client: FlaskClient, account: Account) -> None:
    completed(make_account("second-location"), ago=HOUR)
    assert light(client, account) == "off: None yet"
