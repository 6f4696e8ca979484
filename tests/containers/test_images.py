"""Images are reproducible, labeled and small, and their process 1 handles signals."""

import gzip
import json
import shutil
import tarfile

import pytest

from tests.containers.conftest import READY_SECONDS
from tests.containers.project import CONTAINERS, ROOT, docker
from topology import SERVICES

OURS = [service.name for service in SERVICES] + ["gateway", "nats", "audit", "mesh", "sidecar"]
# The Dockerfiles of images that docker-compose.yml builds for a profile, or not at all.
DOCKERFILES = {"audit": "tools/audit/Dockerfile", "mesh": "mesh/agent/Dockerfile"}
BUDGET = 200_000_000  # bytes of all images, compressed, with shared layers counted once


def image(name):
    """Return what `docker image inspect` prints."""
    return json.loads(docker("image", "inspect", f"night-market/{name}"))[0]


@pytest.fixture(scope="module")
def other_checkout(tmp_path_factory):
    """The same files with other modification times."""
    folder = tmp_path_factory.mktemp("checkout") / "repository"
    excluded = shutil.ignore_patterns(".*", "__pycache__", "tests")
    shutil.copytree(ROOT, folder, copy_function=shutil.copy, ignore=excluded)
    shutil.copy(ROOT / ".dockerignore", folder)
    return folder


@pytest.mark.parametrize("name", ["accounts", "notifications", "gateway", "nats", "audit", "mesh"])
def test_two_builds_of_the_same_code_have_the_same_layers(compose, other_checkout, name):
    dockerfile = DOCKERFILES.get(name) or compose.configuration["services"][name]["build"]["dockerfile"]
    tag, file = f"night-market-test/{name}", other_checkout / dockerfile
    docker(
        "build",
        "--quiet",
        "--no-cache",
        "--file",
        str(file),
        "--tag",
        tag,
        str(other_checkout),
        timeout=600,
    )
    layers = json.loads(docker("image", "inspect", tag))[0]["RootFS"]["Layers"]
    docker("image", "rm", tag)
    assert layers == image(name)["RootFS"]["Layers"]


def test_services_share_the_layers_of_the_packages_that_they_have_in_common(compose):
    layers = {name: image(name)["RootFS"]["Layers"] for name in ("catalog", "inventory", "storefront")}
    catalog, inventory, storefront = layers.values()
    assert catalog[:-2] == inventory[:-2], "they have the same packages"
    assert catalog[:-7] == storefront[:-7], "the first two groups, core and grpc, are the same"


@pytest.mark.parametrize("name", OURS)
def test_an_image_has_labels(compose, name):
    labels = image(name)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"Night Market: {name}"
    wanted = ("description", "version", "licenses", "revision")
    assert [key for key in wanted if f"org.opencontainers.image.{key}" not in labels] == []


@pytest.mark.parametrize("name", OURS)
def test_process_1_is_the_program_and_not_a_shell(compose, name):
    configuration = image(name)["Config"]
    first = (configuration["Entrypoint"] or configuration["Cmd"])[0]
    assert first.rsplit("/", 1)[-1] in ("python", "envoy", "nats-server")


def test_the_images_are_within_the_size_budget(compose, tmp_path, capsys):
    sizes = compressed_layers(tmp_path, [f"night-market/{name}" for name in OURS])
    total = sum(sizes.values())
    with capsys.disabled():
        print(f"\n\n{'IMAGE':<18}{'COMPRESSED':>12}{'OWN LAYERS':>12}")
        for name in OURS:
            mine = image(name)["RootFS"]["Layers"]
            others = {layer for other in OURS if other != name for layer in image(other)["RootFS"]["Layers"]}
            own = sum(sizes[layer] for layer in mine if layer not in others)
            print(f"{name:<18}{megabytes(sum(sizes[layer] for layer in mine)):>12}{megabytes(own):>12}")
        print(f"{'total':<18}{megabytes(total):>12}")
    assert total < BUDGET


def megabytes(size):
    return f"{size / 1e6:,.1f} MB"


def compressed_layers(folder, images):
    """Return the approximate size of each layer in a registry, in bytes."""
    archive = folder / "images.tar"
    docker("save", "--output", str(archive), *images, timeout=600)
    sizes = {}
    with tarfile.open(archive) as saved:

        def read(name):
            file = saved.extractfile(name)
            assert file is not None
            return file.read()

        for entry in json.loads(read("manifest.json")):
            description = json.loads(read(entry["Config"]))
            for digest, blob in zip(description["rootfs"]["diff_ids"], entry["Layers"], strict=True):
                if digest not in sizes:
                    sizes[digest] = len(gzip.compress(read(blob), 6))
    archive.unlink()
    return sizes


def test_print_the_memory_of_each_container(compose, capsys):
    used = compose.memory()
    with capsys.disabled():
        print(f"\n\n{'CONTAINER':<18}{'MEMORY':>12}{'LIMIT':>12}")
        for name in CONTAINERS:
            limit = compose.inspect(name)["HostConfig"]["Memory"]
            print(f"{name:<18}{megabytes(used[name]):>12}{megabytes(limit):>12}")
        print(f"{'total':<18}{megabytes(sum(used.values())):>12}")
        print(
            f"\ntime from `up` until all containers are ready, with all images built: {READY_SECONDS[0]:.1f} s"
        )
    assert used.keys() == set(CONTAINERS)
