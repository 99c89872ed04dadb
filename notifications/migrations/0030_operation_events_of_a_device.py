"""What a trace reads of a device's operations, by the device."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("notifications", "0029_rights_of_gaps")]

    operations: ClassVar = [
        migrations.AddIndex(
            model_name="operationevent",
            index=models.Index(
                condition=models.Q(("activation__isnull", False)),
                fields=["activation", "id"],
                name="operation_event_device",
            ),
        ),
    ]
