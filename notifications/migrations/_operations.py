"""Schema operations that Django does not have."""

from django.db import migrations


class CreatePartitionedModel(migrations.CreateModel):
    """Creates the table partitioned by range of its primary key; reversing drops it whole."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        stock = schema_editor.sql_create_table
        schema_editor.sql_create_table = f"{stock} PARTITION BY RANGE (id)"
        try:
            super().database_forwards(app_label, schema_editor, from_state, to_state)
        finally:
            schema_editor.sql_create_table = stock
