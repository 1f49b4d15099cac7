"""Writes compile_commands.json from what Bazel would run to compile //..., for clang-tidy, clangd and the like.

Arguments: the flags of the configuration, such as --config=release.
"""

import json
import pathlib
import subprocess
import sys

# What clang does not know, and Bazel's own standard, which ours overrides.
DROPPED = {
    "-fno-canonical-system-headers",
    "-Wno-free-nonheap-object",
    "-Wunused-but-set-parameter",
    "-Wno-maybe-uninitialized",
    "-std=c++0x",
}


def bazel(*arguments):
    return subprocess.run(["bazel", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def compile_actions(flags):
    text = bazel(
        "aquery", *flags, "--noshow_progress", "--output=jsonproto", "--include_artifacts=false",
        'mnemonic("CppCompile", //...)',
    )
    return [action["arguments"] for action in json.loads(text).get("actions", []) if "-c" in action["arguments"]]


def main():
    root = pathlib.Path.cwd()
    flags = sys.argv[1:]
    external = bazel("info", *flags, "output_base").strip() + "/external/"

    def placed(argument):
        # External repositories stand in the output base, not in the checkout.
        return external + argument.removeprefix("external/") if argument.startswith("external/") else argument

    entries = {}
    for arguments in compile_actions(flags):
        file = arguments[arguments.index("-c") + 1]
        kept = [placed(argument) for argument in arguments if argument not in DROPPED]
        entries[file] = {"directory": str(root), "file": placed(file), "arguments": kept}
    (root / "compile_commands.json").write_text(json.dumps(list(entries.values()), indent=1))
    print(f"compile_commands.json: {len(entries)} files", file=sys.stderr)


if __name__ == "__main__":
    main()
