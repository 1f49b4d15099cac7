"""Wraps a program of the system so that Bazel takes it as an executable target."""

def _system_tool_impl(ctx):
    out = ctx.actions.declare_file(ctx.label.name)
    ctx.actions.symlink(output = out, target_file = ctx.file.src, is_executable = True)
    return [DefaultInfo(
        executable = out,
        files = depset([out]),
        runfiles = ctx.runfiles([ctx.file.src]),
    )]

system_tool = rule(
    implementation = _system_tool_impl,
    attrs = {"src": attr.label(mandatory = True, allow_single_file = True)},
    executable = True,
)
