"""Local stand-ins for the two systems the hub talks to: the CRM and SCORM Cloud.

Each is a small WSGI application (``sandbox.crm``, ``sandbox.scorm_cloud``) that answers like the
real one, keeps its data in a SQLite file, and can be told to misbehave. The hub never imports this
package and this package never imports the hub.
"""
