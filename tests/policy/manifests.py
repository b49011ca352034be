# SPDX-License-Identifier: Apache-2.0
"""Kubernetes manifests held against the API's own description: the models that Debian's python3-kubernetes was generated with.
They are of 1.22; autoscaling/v2, which came with 1.23, has the fields of v2beta2."""
import re

import kubernetes.client as models
import yaml

from policy.project import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
MODELS = {("v1", "ConfigMap"): models.V1ConfigMap, ("v1", "Service"): models.V1Service,
          ("apps/v1", "StatefulSet"): models.V1StatefulSet, ("apps/v1", "Deployment"): models.V1Deployment,
          ("autoscaling/v2", "HorizontalPodAutoscaler"): models.V2beta2HorizontalPodAutoscaler,
          ("policy/v1", "PodDisruptionBudget"): models.V1PodDisruptionBudget,
          ("networking.k8s.io/v1", "NetworkPolicy"): models.V1NetworkPolicy}
SIMPLE = {"str": str, "int": int, "bool": bool, "float": float}
QUANTITY = re.compile(r"\d+(\.\d+)?(m|k|Ki|Mi|Gi|Ti|M|G|T)?")


def objects() -> list:
    """(file, object) of every manifest that is applied."""
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    return [(name, one) for name in listed for one in yaml.safe_load_all((FOLDER / name).read_text())]


def errors(value, kind: str, path: str) -> list:
    """What the API would refuse: fields it does not know or misses, values of another type."""
    if kind.startswith("list["):
        if not isinstance(value, list):
            return [f"{path}: no list"]
        return [e for i, one in enumerate(value) for e in errors(one, kind[5:-1], f"{path}[{i}]")]
    if kind.startswith("dict("):
        if not isinstance(value, dict):
            return [f"{path}: no map"]
        inner = kind[5:-1].split(", ")[1]
        found = [f"{path}: the key {key!r} is no text" for key in value if not isinstance(key, str)]
        if path.endswith((".requests", ".limits")):
            found += [f"{path}.{key}: {one!r} is no quantity" for key, one in value.items() if not QUANTITY.fullmatch(str(one))]
        return found + [e for key, one in value.items() for e in errors(one, inner, f"{path}.{key}")]
    if kind == "object":  # a number or a name
        return [] if isinstance(value, (int, str)) else [f"{path}: neither a number nor a name"]
    if kind in SIMPLE:
        is_right = isinstance(value, SIMPLE[kind]) and (kind == "bool" or not isinstance(value, bool))
        return [] if is_right else [f"{path}: {value!r} is no {kind}"]
    return errors_of_model(value, getattr(models, kind), path)


def errors_of_model(value, model, path: str) -> list:
    if not isinstance(value, dict):
        return [f"{path}: no object of kind {model.__name__}"]
    names = {json: attribute for attribute, json in model.attribute_map.items()}
    found = [f"{path}.{name}: {model.__name__} has no such field" for name in value if name not in names]
    for name in value.keys() & names.keys():
        found += errors(value[name], model.openapi_types[names[name]], f"{path}.{name}")
    try:  # its constructor asks for what is required, and for what is one of a few words
        model(**{names[name]: one for name, one in value.items() if name in names})
    except ValueError as error:
        found.append(f"{path}: {error}")
    return found
