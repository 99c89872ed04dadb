"""Delivery reports can be exported."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0022_rights_of_deliveries"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="export", name="export_dataset"),
        migrations.AlterField(
            model_name="export",
            name="dataset",
            field=models.CharField(
                choices=[
                    ("notifications", "Notifications"),
                    ("operations", "Operations"),
                    ("deliveries", "Delivery reports"),
                    ("gaps", "Gaps"),
                    ("stats", "Statistics"),
                ],
                max_length=13,
            ),
        ),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    dataset__in=["notifications", "operations", "deliveries", "gaps", "stats"]
                ),
                name="export_dataset",
            ),
        ),
    ]
