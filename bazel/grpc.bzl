"""C++ service stubs: `culvert_grpc(name, proto)` beside the messages that culvert_proto() makes."""

def _generate_impl(ctx):
    info = ctx.attr.proto[ProtoInfo]
    root = info.proto_source_root
    headers = []
    sources = []
    names = []
    for file in info.direct_sources:
        name = file.short_path if root in ("", ".") else file.path[len(root) + 1:]
        stem = "%s/%s.grpc.pb" % (ctx.label.name, name[:-len(".proto")])
        names.append(name)
        headers.append(ctx.actions.declare_file(stem + ".h"))
        sources.append(ctx.actions.declare_file(stem + ".cc"))
    sets = info.transitive_descriptor_sets
    out = "/".join([part for part in [
        ctx.bin_dir.path,
        ctx.label.workspace_root,
        ctx.label.package,
        ctx.label.name,
    ] if part])
    arguments = ctx.actions.args()
    arguments.add_joined(sets, join_with = ":", format_joined = "--descriptor_set_in=%s")
    arguments.add(ctx.executable._plugin, format = "--plugin=protoc-gen-grpc=%s")
    arguments.add("--grpc_out=" + out)
    arguments.add_all(names)
    ctx.actions.run(
        executable = ctx.executable._protoc,
        arguments = [arguments],
        inputs = sets,
        tools = [ctx.executable._plugin],
        outputs = headers + sources,
        mnemonic = "GrpcStubs",
        progress_message = "Generating service stubs %s" % ctx.label,
    )
    return [
        DefaultInfo(files = depset(headers + sources)),
        OutputGroupInfo(headers = depset(headers), sources = depset(sources)),
    ]

_generate = rule(
    implementation = _generate_impl,
    attrs = {
        "proto": attr.label(mandatory = True, providers = [ProtoInfo]),
        "_protoc": attr.label(default = "@com_google_protobuf//:protoc", executable = True, cfg = "host"),
        "_plugin": attr.label(default = "@com_google_protobuf//:grpc_cpp_plugin", executable = True, cfg = "host"),
    },
)

def culvert_grpc(name, proto, visibility = ["//visibility:public"]):
    """The services of a culvert_proto() target: include them as the proto's path with `.grpc.pb.h`."""
    stubs = name + "_stubs"
    _generate(name = stubs, proto = proto)
    for group in ("headers", "sources"):
        native.filegroup(name = "%s_%s" % (stubs, group), srcs = [":" + stubs], output_group = group)
    native.cc_library(
        name = name,
        srcs = [":%s_sources" % stubs],
        hdrs = [":%s_headers" % stubs],
        includes = [stubs],
        visibility = visibility,
        deps = [proto + "_cc", "@sys//:grpc"],
    )
