from flask import Blueprint

blueprint = Blueprint("certificates_public", __name__)
