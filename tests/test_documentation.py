"""The documentation page: whole, public, and true for the deployment that shows it."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

PROMISED_HEADINGS = (
    "Getting Started", "Prerequisites", "Installation",
    "Connecting SCORM Cloud", "Finding Your Credentials", "Connecting in SCORM Hub",
    "Uploading Courses", "Supported Formats", "Upload Steps",
    "Enrolling Learners", "Admin Enrollment (from the dashboard)",
    "Launching a Course for a Learner", "Self-Enrollment Links", "Learner Flow",
    "Copying the Link", "Tracking &amp; Sync", "What Gets Tracked Per Learner", "How Sync Works",
    "What Syncs to CRM Contacts", "Manual Sync", "Reports &amp; Exports", "Reports Dashboard",
    "Export Formats", "Completion Certificates", "Downloading a Certificate",
    "What a Certificate Includes", "Settings &amp; Branding", "Branding", "Account Mode",
    "Custom Objects", "CRM Integration", "FAQ", "Troubleshooting",
)  # fmt: skip


@pytest.fixture
def text(client: FlaskClient) -> str:
    """The page as somebody who is not signed in reads it."""
    response = client.get("/docs")
    assert response.status_code == 200
    return response.text


def headings(text: str) -> list[str]:
    found = re.findall(r"<h[1-3][^>]*>(.*?)</h[1-3]>", text, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", heading).strip() for heading in found]


def test_every_promised_section_is_there(text: str) -> None:
    missing = set(PROMISED_HEADINGS) - set(headings(text))
    assert not missing


def test_every_link_inside_the_page_leads_somewhere(text: str) -> None:
    anchors = re.findall(r'\bid="([^"]+)"', text)
    assert len(anchors) == len(set(anchors)), "an id stands twice"
    targets = set(re.findall(r'href="#([^"]+)"', text))
    assert "troubleshooting" in targets
    assert targets <= set(anchors)


def test_the_table_of_contents_names_each_section_in_order(text: str) -> None:
    contents = text.partition('aria-label="On this page"')[2].partition("</nav>")[0]
    listed = re.findall(r'href="#([^"]+)"', contents)
    assert listed == re.findall(r'<section id="([^"]+)"', text)


def test_settings_refer_to_the_steps_for_connecting(text: str) -> None:
    section = text.partition('id="settings-and-branding"')[2]
    sentence = section.partition("step-by-step instructions")[0]
    assert '<a href="#connecting-scorm-cloud">Connecting SCORM Cloud</a>' in sentence


def test_addresses_are_those_of_this_deployment(app: Flask, client: FlaskClient) -> None:
    app.config["POSTBACK_URL"] = "https://training.example.org/api/webhooks/scorm-cloud"
    app.config["SUPPORT_EMAIL"] = "care@example.org"
    text = client.get("/docs").text
    assert 'value="https://training.example.org/api/webhooks/scorm-cloud"' in text
    assert 'href="mailto:care@example.org"' in text
    assert "scormhub.app" not in text


@pytest.mark.parametrize("low, high", [(90, 100), (80, 89), (70, 79), (60, 69), (0, 59)])
def test_each_score_band_tag_is_documented(text: str, low: int, high: int) -> None:
    assert f"scorm_score_{low}_{high}" in text


def test_nothing_comes_from_another_host(text: str) -> None:
    fetched = re.findall(r'<(?:script|link|img|iframe)[^>]+(?:src|href)="([^"]+)"', text)
    assert fetched
    assert all(address.startswith("/static/") for address in fetched)
