"""Webhooks: what SCORM Cloud and the CRM tell us, stored once and handled later."""
