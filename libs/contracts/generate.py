"""Generate the Python code, the descriptor set and openapi.json from the .proto files.

Usage: python libs/contracts/generate.py [OUTPUT_DIR]
OUTPUT_DIR defaults to libs/contracts. A test passes a temporary folder and compares the files.
"""

import sys
import tempfile
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PROTO = HERE / "proto"


def _includes() -> list[str]:
    # googleapis-common-protos has google/api and google/type, grpc_tools has google/protobuf.
    common = distribution("googleapis-common-protos").locate_file("")
    return [f"-I{PROTO}", f"-I{common}", f"-I{files('grpc_tools') / '_proto'}"]


def sources() -> list[str]:
    """Return the .proto files, relative to the proto folder, in a stable order."""
    return sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))


def descriptor_set(*, with_comments: bool) -> FileDescriptorSet:
    """Return all .proto files and their imports. Those of google.rpc are for Envoy, which prints error details."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "descriptors.pb")
        comments = ["--include_source_info"] if with_comments else []
        _run(
            [
                f"--descriptor_set_out={out}",
                "--include_imports",
                *comments,
                *sources(),
                "google/rpc/status.proto",
                "google/rpc/error_details.proto",
            ]
        )
        return FileDescriptorSet.FromString(out.read_bytes())


def _run(arguments: list[str]) -> None:
    if protoc.main(["protoc", *_includes(), *arguments]):
        sys.exit("contracts: protoc rejected the .proto files, see above")


def generate(output: Path) -> None:
    """Write all generated files below `output`, in the layout of libs/contracts."""
    from openapi import document

    code = output / "src"
    code.mkdir(parents=True, exist_ok=True)
    _run([f"--python_out={code}", f"--pyi_out={code}", f"--grpc_python_out={code}", *sources()])
    descriptors = descriptor_set(with_comments=False).SerializeToString(deterministic=True)
    (code / "nightmarket" / "descriptors.pb").write_bytes(descriptors)
    (output / "openapi.json").write_text(document(descriptor_set(with_comments=True)), encoding="utf-8")


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
