"""The floor of a single post: the barest Django view that decodes, inserts one row and commits; and
of an answer: the barest that knows who asks, by the API's own tokens."""

import json
import uuid

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from notifications.api.authentication import TokenAuthentication


@csrf_exempt
def barest(request: HttpRequest) -> HttpResponse:
    document = json.loads(request.body)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO barest VALUES (%s, %s, %s)",
            [uuid.uuid4(), document["emitted_at"], json.dumps(document["extras"])],
        )
    return HttpResponse(status=201)


def barest_answer(request: HttpRequest) -> HttpResponse:
    known = TokenAuthentication().authenticate(request)
    return HttpResponse(status=401) if known is None else JsonResponse({})


urlpatterns = [
    path("barest/", barest),
    path("barest-answer/", barest_answer),
    path("", include("pushaudit.urls")),
]
