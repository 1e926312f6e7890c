"""A Django project of one file with dj-stripe in it: `python djsite.py prepare`, then `gunicorn djsite:application`.
`python djsite.py manage djstripe_sync_models Customer` runs a command of dj-stripe's.

PEER_DATABASE_URL, PEER_SECRET, PEER_UUID and PEER_STRIPE say where it works; with PEER_SYNC=no the event is stored and no
object is synchronised.
"""

import os
import sys
from urllib.parse import urlsplit

import django
from django.conf import settings

url = urlsplit(os.environ["PEER_DATABASE_URL"])

settings.configure(
    SECRET_KEY="only for a measurement on loopback",
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="djsite",
    USE_TZ=True,
    LOGGING_CONFIG=None,
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "djstripe"],
    # It gives answers their length.
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": url.path[1:],
            "USER": url.username,
            "PASSWORD": url.password,
            "HOST": url.hostname,
            "PORT": url.port,
            # As a site that cares about speed has it: connections are kept.
            "CONN_MAX_AGE": None,
        }
    },
    STRIPE_LIVE_MODE=False,
    STRIPE_TEST_SECRET_KEY="sk_test_TollgateBench0000000000000",
    STRIPE_API_HOST=os.environ["PEER_STRIPE"],
    DJSTRIPE_FOREIGN_KEY_TO_FIELD="id",
)
django.setup()

from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("", include("djstripe.urls", namespace="djstripe"))]
application = get_wsgi_application()

if os.environ.get("PEER_SYNC") == "no":
    from djstripe.signals import WEBHOOK_SIGNALS

    for signal in WEBHOOK_SIGNALS.values():
        signal.receivers = []
        signal.sender_receivers_cache.clear()


def prepare():
    """Makes the tables and the endpoint that events are posted to."""
    from django.core.management import call_command
    from djstripe.models import WebhookEndpoint

    call_command("migrate", verbosity=0)
    WebhookEndpoint.objects.create(
        id="we_bench",
        url="http://127.0.0.1/",
        enabled_events=["*"],
        secret=os.environ["PEER_SECRET"],
        status="enabled",
        livemode=False,
        djstripe_uuid=os.environ["PEER_UUID"],
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["manage"]:
        from django.core.management import execute_from_command_line

        # Its checks import the module of the URLs, which is this one.
        sys.modules["djsite"] = sys.modules["__main__"]
        execute_from_command_line(sys.argv[1:])
    elif sys.argv[1:] == ["prepare"]:
        prepare()
    else:
        sys.exit("usage: python djsite.py prepare | manage COMMAND ...")
