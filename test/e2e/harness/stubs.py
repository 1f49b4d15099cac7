"""Python modules for the .proto files of the API, made by protoc when this is imported."""

import atexit
import importlib
import pathlib
import shutil
import subprocess
import sys
import tempfile

_ROOT = pathlib.Path(__file__).resolve().parents[3]
_OTHERS = pathlib.Path(__file__).resolve().parent / "protos"


def _generate():
    """Every module, by its name without `_pb2`."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="culvert_stubs_"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = sorted([*(_ROOT / "api").rglob("*.proto"), *_OTHERS.glob("*.proto")])
    subprocess.run(
        ["protoc", f"-I{_OTHERS}", f"-I{_ROOT}", f"--python_out={folder}", f"--grpc_out={folder}",
         f"--plugin=protoc-gen-grpc={shutil.which('grpc_python_plugin')}", *files], check=True)
    sys.path.insert(0, str(folder))
    names = [".".join(file.relative_to(folder).with_suffix("").parts) for file in folder.rglob("*_pb2*.py")]
    return {name: importlib.import_module(name) for name in sorted(names)}


_modules = _generate()

admin_config = _modules["api.culvert.admin.v1.config_pb2"]
admin_config_grpc = _modules["api.culvert.admin.v1.config_pb2_grpc"]
admin_runtime = _modules["api.culvert.admin.v1.runtime_pb2"]
admin_runtime_grpc = _modules["api.culvert.admin.v1.runtime_pb2_grpc"]
config = _modules["api.culvert.config.v1.config_pb2"]
status = _modules["api.google.rpc.status_pb2"]
error_details = _modules["api.google.rpc.error_details_pb2"]
health = _modules["grpc_health_pb2"]
health_grpc = _modules["grpc_health_pb2_grpc"]
reflection = _modules["grpc_reflection_pb2"]
reflection_grpc = _modules["grpc_reflection_pb2_grpc"]


def extension_message(name):
    """The config message of an extension: `http_connect` to `culvert.extensions.http_connect.v1.HttpConnect`."""
    module = _modules[f"api.culvert.extensions.{name}.v1.{name}_pb2"]
    return module.DESCRIPTOR.message_types_by_name["".join(word.title() for word in name.split("_"))].full_name
