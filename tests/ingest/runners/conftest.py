"""A Ray cluster of several nodes on this machine, all on the loopback interface, whose nodes can be killed."""

import importlib.util

import pytest

from surveil.ingest.runners.crew import Share
from surveil.ingest.runners.ray import connected
from surveil.offline import cores, import_ray

ROOM_FOR_ONE = Share(cores())
"""With so much for each worker, every node has room for one."""
NODE = {"num_cpus": cores(), "object_store_memory": 80 * 2**20}


@pytest.fixture(scope="module")
def cluster():
    if importlib.util.find_spec("ray") is None:  # it may not be imported before surveil does
        pytest.skip("Ray is not installed")
    import_ray(alone=True)
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    with connected(cluster.address):
        yield cluster
    cluster.shutdown()


@pytest.fixture
def second_node(cluster):
    """Another machine that joins; gives what pulls its plug."""
    node = cluster.add_node(**NODE)

    def kill() -> None:
        cluster.remove_node(node, allow_graceful=False)

    yield kill
    if node in cluster.worker_nodes:
        kill()
