"""Images: equal when built again, labelled, stopped by a signal, and small."""

import gzip
import json
import shutil
import tarfile

import pytest

from tests.containers.conftest import READY_SECONDS
from tests.containers.engine import CONTAINERS, ROOT, docker
from topology import SERVICES

OURS = [service.name for service in SERVICES] + ["gateway", "nats", "audit", "mesh", "sidecar"]
BUDGET = 200_000_000  # bytes, all images together, compressed, shared layers once


def image(name):
    """What Docker knows about an image."""
    return json.loads(docker("image", "inspect", f"night-market/{name}"))[0]


@pytest.fixture(scope="module")
def another_checkout(tmp_path_factory):
    """The same files, but none as old as here."""
    folder = tmp_path_factory.mktemp("checkout") / "market"
    left_out = shutil.ignore_patterns(".*", "__pycache__", "tests")
    shutil.copytree(ROOT, folder, copy_function=shutil.copy, ignore=left_out)
    shutil.copy(ROOT / ".dockerignore", folder)
    return folder


@pytest.mark.parametrize("name", ["accounts", "notifications", "gateway", "nats", "audit", "mesh"])
def test_two_builds_of_the_same_code_have_the_same_layers(compose, another_checkout, name):
    service = compose.configuration["services"].get(name) or {"build": {"dockerfile": f"{name}/Dockerfile"}}
    tag, file = f"night-market-test/{name}", another_checkout / service["build"]["dockerfile"]
    docker(
        "build",
        "--quiet",
        "--no-cache",
        "--file",
        str(file),
        "--tag",
        tag,
        str(another_checkout),
        timeout=600,
    )
    layers = json.loads(docker("image", "inspect", tag))[0]["RootFS"]["Layers"]
    docker("image", "rm", tag)
    assert layers == image(name)["RootFS"]["Layers"]


def test_services_with_the_same_packages_share_them(compose):
    layers = {name: image(name)["RootFS"]["Layers"] for name in ("catalog", "orders", "storefront")}
    assert len({tuple(found[:-2]) for found in layers.values()}) == 1


@pytest.mark.parametrize("name", OURS)
def test_an_image_says_what_it_is(compose, name):
    labels = image(name)["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == f"Night Market: {name}"
    wanted = ("description", "version", "licenses", "revision")
    assert [key for key in wanted if f"org.opencontainers.image.{key}" not in labels] == []


@pytest.mark.parametrize("name", OURS)
def test_a_signal_reaches_the_program_itself_and_no_shell(compose, name):
    configuration = image(name)["Config"]
    first = (configuration["Entrypoint"] or configuration["Cmd"])[0]
    assert first.rsplit("/", 1)[-1] in ("python", "envoy", "nats-server")


def test_all_images_together_are_small(compose, tmp_path, capsys):
    sizes = compressed_layers(tmp_path, [f"night-market/{name}" for name in OURS])
    total = sum(sizes.values())
    with capsys.disabled():
        print(f"\n\n{'IMAGE':<18}{'COMPRESSED':>12}{'ITS OWN':>12}")
        for name in OURS:
            mine = image(name)["RootFS"]["Layers"]
            others = {layer for other in OURS if other != name for layer in image(other)["RootFS"]["Layers"]}
            own = sum(sizes[layer] for layer in mine if layer not in others)
            print(f"{name:<18}{megabytes(sum(sizes[layer] for layer in mine)):>12}{megabytes(own):>12}")
        print(f"{'together':<18}{megabytes(total):>12}")
    assert total < BUDGET


def megabytes(size):
    return f"{size / 1e6:,.1f} MB"


def compressed_layers(folder, images):
    """How many bytes each layer of these images takes in a registry, about."""
    archive = folder / "images.tar"
    docker("save", "--output", str(archive), *images, timeout=600)
    sizes = {}
    with tarfile.open(archive) as saved:

        def content(name):
            file = saved.extractfile(name)
            assert file is not None
            return file.read()

        for entry in json.loads(content("manifest.json")):
            description = json.loads(content(entry["Config"]))
            for digest, blob in zip(description["rootfs"]["diff_ids"], entry["Layers"], strict=True):
                if digest not in sizes:
                    sizes[digest] = len(gzip.compress(content(blob), 6))
    archive.unlink()
    return sizes


def test_how_much_memory_each_container_takes_is_told(compose, capsys):
    used = compose.memory()
    with capsys.disabled():
        print(f"\n\n{'CONTAINER':<18}{'MEMORY':>12}{'LIMIT':>12}")
        for name in CONTAINERS:
            limit = compose.inspect(name)["HostConfig"]["Memory"]
            print(f"{name:<18}{megabytes(used[name]):>12}{megabytes(limit):>12}")
        print(f"{'together':<18}{megabytes(sum(used.values())):>12}")
        print(f"\nfrom `up` until all are ready, images built: {READY_SECONDS[0]:.1f} s")
    assert used.keys() == set(CONTAINERS)
