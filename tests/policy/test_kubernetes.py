# SPDX-License-Identifier: Apache-2.0
"""deploy/kubernetes is what Kubernetes understands, and what newsloom does: ports, paths, settings, limits of a pod."""
import re
import subprocess

import pytest
import yaml

from policy.manifests import FOLDER, MODELS, errors, errors_of_model, objects
from policy.project import ROOT, program
from policy.test_documented import printed

OBJECTS = objects()
PODS = {one["metadata"]["name"]: one["spec"]["template"] for _, one in OBJECTS if one["kind"] in ("StatefulSet", "Deployment")}


def of_kind(kind) -> dict:
    return {one["metadata"]["name"]: one for _, one in OBJECTS if one["kind"] == kind}


@pytest.mark.parametrize("manifest", [pytest.param(one, id=f"{one['kind']}-{one['metadata']['name']}") for _, one in OBJECTS])
def test_manifest_is_what_the_api_describes(manifest):
    model = MODELS[manifest["apiVersion"], manifest["kind"]]
    assert not errors_of_model(manifest, model, manifest["kind"])


@pytest.mark.parametrize("change, said", [
    (lambda pod: pod.update(terminationGracePeriod=60), "no such field"),
    (lambda pod: pod.update(terminationGracePeriodSeconds="60"), "no int"),
    (lambda pod: pod["containers"][0].pop("name"), "name"),
    (lambda pod: pod["containers"][0]["resources"]["limits"].update(memory="four"), "no quantity"),
    (lambda pod: pod["containers"][0]["livenessProbe"].update(httpGet={"path": "/healthz"}), "port")])
def test_what_the_api_would_refuse_is_found(change, said):
    """The check above can fail."""
    pod = yaml.safe_load(yaml.safe_dump(PODS["newsloom-broker"]["spec"]))
    assert not errors(pod, "V1PodSpec", "pod")
    change(pod)
    assert said in "\n".join(errors(pod, "V1PodSpec", "pod"))


@pytest.mark.parametrize("name", sorted(PODS))
def test_configuration_is_accepted_by_the_program(name, tmp_path):
    """Its own judgement of the settings, with keys where the pod has them."""
    keys = tmp_path / "run"
    keys.mkdir()
    for key in ("broker", "worker"):
        subprocess.run([program("newsloom"), "keygen", key, "--output", keys / f"{key}.key"], check=True, capture_output=True, timeout=60)
    line = subprocess.run([program("newsloom"), "keygen", "w1", "--role", "worker", "--output", tmp_path / "w1.key"], check=True,
                          capture_output=True, text=True, timeout=60).stdout
    (keys / "keys").write_text(line)
    file = name.split("-")[1] + ".conf"
    text = of_kind("ConfigMap")[name]["data"][file].replace("/run/newsloom", str(keys))
    (tmp_path / file).write_text(text)
    more = ["--set", "broker.server-key=" + "ab" * 32] if name == "newsloom-worker" else []
    printed(name, "--config", str(tmp_path / file), "--check", *more)


def test_ports_and_probes_are_those_that_the_programs_serve():
    for name, pod in PODS.items():
        text = of_kind("ConfigMap")[name]["data"][name.split("-")[1] + ".conf"]
        listened = {label: int(port) for label, port in re.findall(r"^listen\.(\w+) = .*:(\d+)$", text, re.M)}
        container, = pod["spec"]["containers"]
        assert {port["name"]: port["containerPort"] for port in container["ports"]} == listened
        assert pod["metadata"]["annotations"]["prometheus.io/port"] == str(listened["http"])
        probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "liveness", "readiness")}
        assert {kind: (probe["path"], probe["port"]) for kind, probe in probes.items()} == {
            "startup": ("/healthz", "http"), "liveness": ("/healthz", "http"), "readiness": ("/readyz", "http")}
    service = of_kind("Service")["newsloom-broker"]["spec"]
    ports = {port["containerPort"] for port in PODS["newsloom-broker"]["spec"]["containers"][0]["ports"]}
    assert {port["port"] for port in service["ports"]} == ports


def test_names_and_labels_lead_somewhere():
    labels = {name: pod["metadata"]["labels"] for name, pod in PODS.items()}
    everything = [one["spec"] for _, one in OBJECTS if one["kind"] in ("Service", "StatefulSet", "Deployment", "PodDisruptionBudget",
                                                                      "NetworkPolicy")]
    for spec in everything:
        selector = spec.get("podSelector") or spec["selector"]
        wanted = selector.get("matchLabels", selector)
        assert any(wanted.items() <= has.items() for has in labels.values()), wanted
    for name, pod in PODS.items():
        volumes = {volume["name"] for volume in pod["spec"]["volumes"]}
        if name == "newsloom-broker":
            volumes |= {claim["metadata"]["name"] for claim in of_kind("StatefulSet")[name]["spec"]["volumeClaimTemplates"]}
        for container in pod["spec"]["containers"] + pod["spec"]["initContainers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
        assert {volume["configMap"]["name"] for volume in pod["spec"]["volumes"] if "configMap" in volume} <= of_kind("ConfigMap").keys()
    target = of_kind("HorizontalPodAutoscaler")["newsloom-worker"]["spec"]["scaleTargetRef"]
    assert target["name"] in of_kind("Deployment") and "replicas" not in of_kind("Deployment")[target["name"]]["spec"]


def test_pods_are_confined_as_the_units_are():
    for pod in PODS.values():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] and spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
        for container in spec["containers"] + spec["initContainers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] and not context["allowPrivilegeEscalation"] and context["capabilities"]["drop"] == ["ALL"]
            assert "memory" in container["resources"]["limits"]


def test_figures_of_the_autoscaler_are_exposed_and_adapted():
    exposed = set(re.findall(r"^\| `(newsloom_\w+)`", printed("newsloom-broker", "--metrics"), re.M))
    scaled = {metric["external"]["metric"]["name"] for metric in of_kind("HorizontalPodAutoscaler")["newsloom-worker"]["spec"]["metrics"]}
    rules = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    assert scaled and scaled <= exposed and scaled == {rule["seriesQuery"] for rule in rules}


def test_images_are_those_that_are_built():
    text = (ROOT / "deploy" / "container" / "Containerfile").read_text()
    targets = set(re.findall(r"^FROM base AS (\w+)$", text, re.M))
    version = printed("newsloom-broker", "--version").split()[-1]
    images = {container["image"] for pod in PODS.values() for container in pod["spec"]["containers"] + pod["spec"]["initContainers"]}
    assert images == {f"{name}:{version}" for name in PODS} and {name.split("-")[1] for name in PODS} < targets
    user = re.search(r"useradd --uid (\d+)", text)[1]
    assert {str(pod["spec"]["securityContext"]["runAsUser"]) for pod in PODS.values()} == {user}
