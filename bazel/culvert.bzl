"""The project's own C++ rules: one place for warnings, so that no target forgets them."""

COPTS = [
    "-Wall",
    "-Wextra",
    "-Werror",
    "-Wno-sign-compare",
    # Coroutine frames and abseil's inlined storage give false positives with g++ 12 at -O2. (clang has no such warning,
    # and would warn of that.)
    "-Wno-unknown-warning-option",
    "-Wno-maybe-uninitialized",
]

def culvert_cc_library(name, copts = [], **kwargs):
    native.cc_library(name = name, copts = COPTS + copts, **kwargs)

def culvert_cc_binary(name, copts = [], **kwargs):
    native.cc_binary(name = name, copts = COPTS + copts, **kwargs)

def culvert_cc_test(name, srcs, copts = [], deps = [], **kwargs):
    native.cc_test(
        name = name,
        srcs = srcs,
        copts = COPTS + copts,
        deps = deps + ["@sys//:gtest_main"],
        **kwargs
    )

def culvert_proto(name, srcs, deps = [], visibility = ["//visibility:public"], **kwargs):
    """A .proto file: `name` is the proto_library, `<name>_cc` the C++ messages."""
    native.proto_library(name = name, srcs = srcs, deps = deps, visibility = visibility, **kwargs)
    native.cc_proto_library(name = name + "_cc", deps = [":" + name], visibility = visibility)

def culvert_fuzz_test(name, srcs, corpus, deps = [], size = "small", **kwargs):
    """A libFuzzer target and, for every compiler, a test that replays its seed corpus.

    `<name>` replays the corpus; `<name>_fuzzer` is the fuzzer itself, built under --config=fuzz.
    """
    native.cc_test(
        name = name,
        size = size,
        srcs = srcs,
        copts = COPTS,
        args = ["$(rootpaths %s)" % corpus],
        data = [corpus],
        deps = deps + ["//test/fuzz:replay_main"],
        **kwargs
    )
    native.cc_binary(
        name = name + "_fuzzer",
        testonly = True,
        srcs = srcs,
        copts = COPTS,
        linkopts = ["-fsanitize=fuzzer"],
        tags = ["manual", "fuzzer"],
        deps = deps,
    )
