"""The floor of a single post: the barest Django view that decodes, inserts one row and commits."""

import json
import uuid

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def barest(request: HttpRequest) -> HttpResponse:
    document = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO barest VALUES (%s, %s, %s)",
            [uuid.uuid4(), document["emitted_at"], json.dumps(document["extras"])],
        )
    return HttpResponse(status=201)


urlpatterns = [path("barest/", barest), path("", include("pushaudit.urls"))]
