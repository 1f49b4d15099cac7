"""A gRPC client that knows nothing but what the server says of itself: any client's way in."""

import queue

from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory

from harness import stubs


class ReflectionClient:
    """Calls by name with dicts: `call("culvert.admin.v1.ConfigService", "Get", {"version": 1})`."""

    def __init__(self, channel):
        self._channel = channel
        self._pool = descriptor_pool.DescriptorPool()
        self._known = set()
        self._requests = queue.SimpleQueue()
        stub = stubs.reflection_grpc.ServerReflectionStub(channel)
        self._replies = stub.ServerReflectionInfo(iter(self._requests.get, None), timeout=30)

    def close(self):
        self._requests.put(None)
        assert next(self._replies, None) is None

    def _ask(self, **fields):
        self._requests.put(stubs.reflection.ServerReflectionRequest(**fields))
        reply = next(self._replies)
        assert reply.WhichOneof("message_response") != "error_response", f"{fields}: {reply.error_response}"
        return reply

    def services(self):
        return {entry.name for entry in self._ask(list_services="*").list_services_response.service}

    def _learn(self, reply):
        files = [descriptor_pb2.FileDescriptorProto.FromString(data)
                 for data in reply.file_descriptor_response.file_descriptor_proto]
        given = {file.name: file for file in files}
        for file in files:
            self._add(file, given)

    def _add(self, file, given):
        """Adds a file after those that it imports."""
        if file.name in self._known:
            return
        self._known.add(file.name)
        for name in file.dependency:
            if name in given:
                self._add(given[name], given)
            elif name not in self._known:
                self._learn(self._ask(file_by_filename=name))
        self._pool.Add(file)

    def service(self, name):
        """The descriptor of a service."""
        self._learn(self._ask(file_containing_symbol=name))
        return self._pool.FindServiceByName(name)

    def call(self, service, method, request=None, timeout=30):
        """The answer as a dict; of a stream, an iterator of them."""
        descriptor = self.service(service).methods_by_name[method]
        factory = message_factory.MessageFactory(self._pool)
        wanted, given = factory.GetPrototype(descriptor.input_type), factory.GetPrototype(descriptor.output_type)
        kind = descriptor_pb2.MethodDescriptorProto()
        descriptor.CopyToProto(kind)
        make = self._channel.unary_stream if kind.server_streaming else self._channel.unary_unary
        caller = make(f"/{service}/{method}", request_serializer=wanted.SerializeToString,
                      response_deserializer=given.FromString)
        message = json_format.ParseDict(request or {}, wanted(), descriptor_pool=self._pool)
        answer = caller(message, timeout=timeout)
        if kind.server_streaming:
            return map(self._to_dict, answer)
        return self._to_dict(answer)

    def _to_dict(self, message):
        self._learn_types_of(message)
        return json_format.MessageToDict(message, preserving_proto_field_name=True, descriptor_pool=self._pool)

    def _learn_types_of(self, message):
        """Any names its type, which the service need not mention."""
        if message.DESCRIPTOR.full_name == "google.protobuf.Any":
            self._learn(self._ask(file_containing_symbol=message.TypeName()))
        for field, value in message.ListFields():
            if field.message_type:
                for part in value if field.label == field.LABEL_REPEATED else [value]:
                    self._learn_types_of(part)
