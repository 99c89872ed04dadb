"""What lists can be asked: one class of filters for each resource, the same for API, admin and
exports."""
