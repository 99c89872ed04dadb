"""The admin app, with our site in place of Django's default one."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    default_site = "notifications.admin.site.Console"
