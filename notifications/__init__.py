"""The one app: `docs/architecture.md` says what each room is for."""
