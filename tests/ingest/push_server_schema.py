"""The tables of the Push Server on PostgreSQL, as its migrations leave them: names, types, NULLs,
indexes and sequences. There are no foreign keys, no default ids, and every id is 32 bits.

Source: the vendor's migrations from 1.4 to 1.10.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Cached by each connection in blocks of 20: what a closed one has left of its block is never used.
SEQUENCES = (
    "push_credentials_seq",
    "push_device_registration_seq",
    "push_message_seq",
    "push_campaign_seq",
    "push_campaign_user_seq",
    "push_inbox_seq",
)
_SEQUENCE = "CREATE SEQUENCE {name} START WITH 1 INCREMENT BY 1 CACHE 20;"
_TABLES_1_4 = """
    CREATE TABLE push_app_credentials (
        id integer NOT NULL CONSTRAINT push_app_credentials_pkey PRIMARY KEY,
        app_id varchar(255) NOT NULL,
        ios_key_id varchar(255), ios_private_key bytea, ios_team_id varchar(255),
        ios_bundle varchar(255), ios_environment varchar(32),
        android_private_key bytea, android_project_id varchar(255)
    );
    CREATE TABLE push_device_registration (
        id integer NOT NULL CONSTRAINT push_device_registration_pkey PRIMARY KEY,
        activation_id varchar(37),
        user_id varchar(255),
        app_id integer NOT NULL,
        platform varchar(255) NOT NULL,
        push_token varchar(255) NOT NULL,
        timestamp_last_registered timestamp(6) NOT NULL,
        is_active boolean
    );
    CREATE TABLE push_message (
        id integer NOT NULL CONSTRAINT push_message_pkey PRIMARY KEY,
        device_registration_id integer NOT NULL,
        user_id varchar(255) NOT NULL,
        activation_id varchar(37),
        is_silent boolean DEFAULT false NOT NULL,
        is_personal boolean DEFAULT false NOT NULL,
        message_body varchar(2048) NOT NULL,
        timestamp_created timestamp(6) NOT NULL,
        status integer NOT NULL
    );
    CREATE TABLE push_campaign (
        id integer NOT NULL CONSTRAINT push_campaign_pkey PRIMARY KEY,
        app_id integer NOT NULL,
        message varchar(4000) NOT NULL,
        is_sent boolean DEFAULT false NOT NULL,
        timestamp_created timestamp(6) NOT NULL,
        timestamp_sent timestamp(6),
        timestamp_completed timestamp(6)
    );
    CREATE TABLE push_campaign_user (
        id integer NOT NULL CONSTRAINT push_campaign_user_pkey PRIMARY KEY,
        campaign_id integer NOT NULL,
        user_id varchar(255) NOT NULL,
        timestamp_created timestamp(6) NOT NULL
    );
    CREATE TABLE push_inbox (
        id integer NOT NULL CONSTRAINT push_inbox_pkey PRIMARY KEY,
        inbox_id varchar(37) NOT NULL,
        user_id varchar(255) NOT NULL,
        type varchar(32) NOT NULL,
        subject text NOT NULL,
        summary text NOT NULL,
        body text NOT NULL,
        read boolean DEFAULT false NOT NULL,
        timestamp_created timestamp NOT NULL,
        timestamp_read timestamp
    );
    CREATE TABLE push_inbox_app (
        app_credentials_id integer NOT NULL,
        inbox_id integer NOT NULL,
        CONSTRAINT push_inbox_app_pkey PRIMARY KEY (app_credentials_id, inbox_id)
    );
    CREATE UNIQUE INDEX push_app_cred_app ON push_app_credentials (app_id);
    CREATE INDEX push_device_app_token ON push_device_registration (app_id, push_token);
    CREATE INDEX push_device_user_app ON push_device_registration (user_id, app_id);
    CREATE UNIQUE INDEX push_device_activation ON push_device_registration (activation_id);
    CREATE UNIQUE INDEX push_device_activation_token
        ON push_device_registration (activation_id, push_token);
    CREATE INDEX push_message_status ON push_message (status);
    CREATE INDEX push_campaign_sent ON push_campaign (is_sent);
    CREATE INDEX push_campaign_user_campaign ON push_campaign_user (campaign_id, user_id);
    CREATE INDEX push_campaign_user_detail ON push_campaign_user (user_id);
    CREATE INDEX push_inbox_id ON push_inbox (inbox_id);
    CREATE INDEX push_inbox_user ON push_inbox (user_id);
    CREATE INDEX push_inbox_user_read ON push_inbox (user_id, read);
"""
_TO_1_10 = """
    ALTER TABLE push_app_credentials
        ADD hms_project_id varchar(255), ADD hms_client_id varchar(255),
        ADD hms_client_secret varchar(255);
    ALTER TABLE push_inbox RENAME read TO is_read;
    ALTER TABLE push_inbox RENAME type TO message_type;
    ALTER TABLE push_app_credentials
        ADD timestamp_created timestamp DEFAULT now() NOT NULL,
        ADD timestamp_last_updated timestamp;
    ALTER TABLE push_app_credentials
        ADD apns_private_key bytea, ADD apns_team_id varchar(255), ADD apns_key_id varchar(255),
        ADD apns_bundle varchar(255), ADD apns_environment varchar(255),
        ADD fcm_private_key bytea, ADD fcm_project_id varchar(255);
    ALTER TABLE push_device_registration ADD environment varchar(255);
"""
# Of no version there is: what a later one may bring, before and among the columns that are read.
_TO_NEWER = """
    ALTER TABLE push_message
        ADD trace_id varchar(64), ADD priority varchar(16) DEFAULT 'HIGH' NOT NULL,
        ALTER message_body TYPE text, ALTER id TYPE bigint;
    ALTER TABLE push_device_registration ADD sdk varchar(32) DEFAULT 'android/2.1' NOT NULL;
    ALTER TABLE push_app_credentials ADD apns_key_password varchar(255);
    ALTER TABLE push_inbox ADD expires_at timestamp;
    CREATE TABLE push_audit (id bigint PRIMARY KEY, event jsonb);
"""
_OLD_WORDS = {"apns": "ios", "fcm": "android", "hms": "huawei"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The tables of one version: the SQL that makes them, what two columns of the inbox are called,
    its words for the platforms, and whether registrations have an environment."""

    name: str
    sql: str
    type_column: str = "message_type"
    read_column: str = "is_read"
    has_environment: bool = True
    platforms: Mapping[str, str] = field(default_factory=dict)

    def platform(self, gateway: str) -> str:
        """How it writes apns, fcm or hms."""
        return self.platforms.get(gateway, gateway)


_BEFORE = "\n".join(_SEQUENCE.format(name=name) for name in SEQUENCES) + _TABLES_1_4
OLD = Layout(
    name="1.4",
    sql=_BEFORE,
    type_column="type",
    read_column="read",
    has_environment=False,
    platforms=_OLD_WORDS,
)
CURRENT = Layout(name="1.10", sql=_BEFORE + _TO_1_10)
NEWER = Layout(name="newer", sql=_BEFORE + _TO_1_10 + _TO_NEWER)

# What an account of pushaudit's may read: no secret, and of no table more than is used.
READABLE: Mapping[str, str] = {
    "push_message": "id, device_registration_id, user_id, activation_id, is_silent, is_personal,"
    " message_body, timestamp_created, status",
    "push_device_registration": "id, activation_id, user_id, app_id, platform, push_token,"
    " timestamp_last_registered, is_active",
    "push_app_credentials": "id, app_id",
    "push_inbox": "id, inbox_id, user_id, {type}, {read}, timestamp_created, timestamp_read",
    "push_inbox_app": "app_credentials_id, inbox_id",
}


def grants(layout: Layout, role: str) -> list[str]:
    """The statements that give ``role`` what it may read, and nothing else."""
    return [
        f"GRANT SELECT ({columns.format(type=layout.type_column, read=layout.read_column)}) ON"
        f' {table} TO "{role}"'
        for table, columns in READABLE.items()
    ]
