"""Who is who in the sandbox: the one app of its marketplace, the agency, its two locations."""

CLIENT_ID = "sandboxapp-1"
CLIENT_SECRET = "sandbox-client-secret"
SHARED_SECRET = "sandbox-shared-secret"
APP_ID = CLIENT_ID.partition("-")[0]
VERSION_ID = "sandboxapp-v1"
APP_NAME = "SCORM Hub"

COMPANY = "demo-company"
COMPANY_NAME = "Harbour Agency (sandbox)"
LOCATIONS = ("demo-location", "second-location")

TRIAL_PLAN = "sandbox-trial"
LIVE_PLAN = "sandbox-live"
PLANS = (
    {"id": TRIAL_PLAN, "name": "Trial", "amount": 0.0, "features": ["10 registrations"]},
    {"id": LIVE_PLAN, "name": "Live", "amount": 49.0, "features": ["Unlimited registrations"]},
)
METER_ID = "sandbox-registrations"

SCOPES = (
    "contacts.readonly contacts.write locations.readonly locations/tags.readonly "
    "locations/tags.write locations/customFields.readonly locations/customFields.write "
    "locations/customValues.readonly locations/customValues.write objects/schema.readonly "
    "objects/schema.write objects/record.readonly objects/record.write associations.readonly "
    "associations.write associations/relation.readonly associations/relation.write "
    "businesses.readonly businesses.write users.readonly workflows.readonly "
    "conversations.readonly conversations.write conversations/message.readonly "
    "conversations/message.write charges.readonly charges.write oauth.readonly oauth.write "
    "companies.readonly custom-menu-link.readonly custom-menu-link.write "
    "marketplace-installer-details.readonly"
)
