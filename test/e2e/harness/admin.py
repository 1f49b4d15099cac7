"""A client of the admin API, and what its refusals say."""

import json

import grpc
from google.protobuf import json_format

from harness import stubs
from harness.stubs import admin_config, admin_runtime

TIMEOUT = 30
_OPTIONS = [
    # A channel of its own is a connection of its own, even to an address that another has used.
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.enable_http_proxy", 0),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
]


class Service:
    """A service whose methods take the fields of their request: `config.Get(version=3)`; `deadline` is in seconds."""

    def __init__(self, stub, descriptor):
        self._stub = stub
        self._methods = descriptor.methods_by_name

    def __getattr__(self, name):
        request = self._methods[name].input_type._concrete_class
        method = getattr(self._stub, name)
        return lambda deadline=TIMEOUT, **fields: method(request(**fields), timeout=deadline)


class Admin:
    """The API at `address` (`unix:PATH` or `host:port`); with `credentials` over TLS, to a server called localhost."""

    def __init__(self, address, credentials=None):
        self.address = address
        if credentials:
            options = [*_OPTIONS, ("grpc.ssl_target_name_override", "localhost")]
            self.channel = grpc.secure_channel(address, credentials, options)
        else:
            self.channel = grpc.insecure_channel(address, _OPTIONS)
        self.config = self._service(admin_config, stubs.admin_config_grpc, "ConfigService")
        self.runtime = self._service(admin_runtime, stubs.admin_runtime_grpc, "RuntimeService")
        self.connections = self._service(admin_runtime, stubs.admin_runtime_grpc, "ConnectionService")
        self.server = self._service(admin_runtime, stubs.admin_runtime_grpc, "ServerService")
        self.health = self._service(stubs.health, stubs.health_grpc, "Health")

    def _service(self, messages, services, name):
        stub = getattr(services, name + "Stub")(self.channel)
        return Service(stub, messages.DESCRIPTOR.services_by_name[name])

    def wait_until_ready(self, timeout=10):
        grpc.channel_ready_future(self.channel).result(timeout)
        return self

    def apply(self, settings, base_directory="", **fields):
        return self.config.Apply(source=source(settings, base_directory), **fields)

    def validate(self, settings, base_directory=""):
        return self.config.Validate(source=source(settings, base_directory))

    def running_version(self):
        return self.config.History().running_version

    def list_connections(self, limit=0, **filter_fields):
        """All pages of List as one list."""
        wanted = admin_runtime.ConnectionFilter(**filter_fields)
        pages = list(self.connections.List(filter=wanted, limit=limit))
        return [connection for page in pages for connection in page.connections]

    def close(self):
        self.channel.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def source(settings, base_directory="", file_name="", text_format=None):
    """A ConfigSource: a dict becomes JSON text; a string is YAML unless a format is named; a message stays one."""
    if isinstance(settings, stubs.config.Config):
        return admin_config.ConfigSource(message=settings, base_directory=base_directory)
    if isinstance(settings, str):
        text = admin_config.Text(format=text_format or admin_config.Text.YAML, content=settings, file_name=file_name)
    else:
        text = admin_config.Text(format=admin_config.Text.JSON, content=json.dumps(settings, indent=1),
                                 file_name=file_name)
    return admin_config.ConfigSource(text=text, base_directory=base_directory)


def message_of(settings):
    """The Config message of a dict that is written in the short form."""
    return json_format.ParseDict(_canonical(settings), stubs.config.Config())


def _canonical(settings):
    providers = [{**provider, "users": {"users": provider["users"]}} if "users" in provider else provider
                 for provider in settings.get("identity_providers", [])]
    listeners = []
    for entry in settings.get("listeners", []):
        entry = dict(entry)
        if "filters" in entry:
            entry["filters"] = [_canonical_filter(one) for one in entry["filters"]]
        if "filter_chains" in entry:
            entry["filter_chains"] = [{**chain, "filters": [_canonical_filter(one) for one in chain["filters"]]}
                                      for chain in entry["filter_chains"]]
        listeners.append(entry)
    return {**settings, "identity_providers": providers, "listeners": listeners}


def _canonical_filter(short):
    ((name, fields),) = short.items()
    return {"name": name, "typed_config": {"@type": "type.googleapis.com/" + stubs.extension_message(name), **fields}}


class Refusal:
    """Why a call failed: `violations` as google.rpc.BadRequest has them ({path: description}), the `errors` of
    ConfigErrors, and the subjects of google.rpc.PreconditionFailure as `preconditions`."""

    def __init__(self, error):
        self.code, self.message = error.code(), error.details()
        self.violations, self.errors, self.preconditions = {}, [], []
        trailers = dict(error.trailing_metadata() or ())
        status = stubs.status.Status.FromString(trailers.get("grpc-status-details-bin", b""))
        for detail in status.details:
            self._take(detail)

    def _take(self, detail):
        bad, errors = stubs.error_details.BadRequest(), admin_config.ConfigErrors()
        failure = stubs.error_details.PreconditionFailure()
        if detail.Unpack(bad):
            self.violations = {one.field: one.description for one in bad.field_violations}
        elif detail.Unpack(errors):
            self.errors = list(errors.errors)
        elif detail.Unpack(failure):
            self.preconditions = [one.subject for one in failure.violations]

    def places(self):
        """{path: (line, column)} of the errors."""
        return {error.path: (error.line, error.column) for error in self.errors}

    def __repr__(self):
        return f"{self.code.name}: {self.message} {self.violations} {self.preconditions}"


def refused(call, *arguments, **fields):
    """The Refusal of a call that must fail. Of a stream, the first answer is waited for."""
    try:
        answer = call(*arguments, **fields)
        if isinstance(answer, grpc.Call):
            answer = next(answer)
    except grpc.RpcError as error:
        return Refusal(error)
    raise AssertionError(f"this was answered: {answer}")
