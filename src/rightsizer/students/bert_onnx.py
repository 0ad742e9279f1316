"""BERT weights (safetensors + config.json) as an ONNX graph, without torch.

The graph is the encoder of Devlin et al. (2019) as Hugging Face's ``BertModel`` computes it: absolute
positions, post-layer-norm, exact (erf) GELU. It takes ``input_ids`` and ``attention_mask``, both int64
(batch, tokens), and gives ``last_hidden_state``, float32 (batch, tokens, hidden): the names and shapes a
Hugging Face ONNX export has, so that either can be served.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rightsizer.errors import ArtifactError

if TYPE_CHECKING:
    import numpy.typing as npt

    Array = npt.NDArray[np.float32]

OPSET = 17
MASKED = -1e9
HIDDEN, UNTUNED = "last_hidden_state", "untuned"


def build_onnx(folder: Path, out: Path) -> Path:
    """Write the ONNX graph of the BERT model in `folder` to `out`, and return `out`.

    Raises:
        ArtifactError: the model is of another architecture, or a weight is missing.
    """
    out.write_bytes(to_onnx(folder, load_weights(folder / "model.safetensors")))
    return out


def to_onnx(folder: Path, weights: dict[str, Array], untuned: dict[str, Array] | None = None) -> bytes:
    """The ONNX file of the architecture in `folder` (its config.json) with these weights; with `untuned`
    ones too, of two models that share the layers at the bottom in which they are equal.

    Raises:
        ArtifactError: the model is of another architecture, or a weight is missing.
    """
    import onnx

    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    check_supported(config, folder)
    model = bert_graph(config, weights, untuned)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def check_supported(config: dict[str, Any], folder: Path) -> None:
    """Raise `ArtifactError` unless the config is of the BERT family this file can build."""
    wanted = {"model_type": "bert", "hidden_act": "gelu", "position_embedding_type": "absolute"}
    for key, value in wanted.items():
        if config.get(key, value) != value:
            raise ArtifactError(
                f"{folder}/config.json has {key} = {config[key]!r}; only {value!r} can be built",
                hint="put an ONNX export (model.onnx or onnx/model.onnx) into the folder",
            )


def load_weights(path: Path) -> dict[str, Array]:
    """Tensors of a BERT checkpoint as float32, names without a leading ``bert.``."""
    from safetensors.numpy import load_file

    if not path.is_file():
        raise ArtifactError(
            f"{path} is missing",
            hint="the encoder folder needs model.safetensors or an ONNX file; pickled weights are not read",
        )
    tensors = load_file(path)
    return {k.removeprefix("bert."): v.astype(np.float32) for k, v in tensors.items() if v.dtype.kind == "f"}


class GraphWriter:
    """Nodes and constants of one ONNX graph, in order; every method returns the name it made."""

    def __init__(self, weights: dict[str, Array]) -> None:
        self.weights = weights
        self.nodes: list[Any] = []
        self.constants: dict[str, Any] = {}

    def weight(self, name: str) -> Array:
        try:
            return self.weights[name]
        except KeyError:
            raise ArtifactError(
                f"the checkpoint has no tensor '{name}'", hint="is it a BERT model?"
            ) from None

    def constant(self, name: str, value: npt.NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, op: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> Any:
        from onnx import helper

        names = [f"{op.lower()}_{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def linear(self, x: str, name: str, weight: Array, bias: Array) -> str:
        """x · weightᵀ + bias, with `weight` as torch keeps it: (out, in)."""
        product = self.node("MatMul", [x, self.constant(f"{name}.weight", weight.T)])
        return str(self.node("Add", [product, self.constant(f"{name}.bias", bias)]))

    def layer_norm(self, x: str, name: str, eps: float) -> str:
        scale = self.constant(f"{name}.weight", self.weight(f"{name}.weight"))
        bias = self.constant(f"{name}.bias", self.weight(f"{name}.bias"))
        return str(self.node("LayerNormalization", [x, scale, bias], axis=-1, epsilon=eps))


def bert_graph(config: dict[str, Any], weights: dict[str, Array], untuned: dict[str, Array] | None) -> Any:
    """The ONNX model of a BERT checkpoint; of `untuned` the states are the second output."""
    from onnx import TensorProto, helper

    g = GraphWriter(weights)
    eps, heads = float(config.get("layer_norm_eps", 1e-12)), int(config["num_attention_heads"])
    layers = int(config["num_hidden_layers"])
    x = _embed(g, eps)
    bias = _mask_bias(g)
    shared = shared_layers(weights, untuned, layers) if untuned is not None else layers
    names = [f"encoder.layer.{i}" for i in range(layers)]
    for name in names[:shared]:
        x = _layer(g, x, bias, name, heads, eps)
    trunk = x
    for name in names[shared:]:
        x = _layer(g, x, bias, name, heads, eps)
    outputs = [_output(g, x, HIDDEN)]
    if untuned is not None:
        g.weights = g.weights | {f"{UNTUNED}.{name}": value for name, value in untuned.items()}
        x = trunk
        for name in names[shared:]:
            x = _layer(g, x, bias, f"{UNTUNED}.{name}", heads, eps)
        outputs.append(_output(g, x, f"{UNTUNED}_{HIDDEN}"))
    ints = [("input_ids", TensorProto.INT64), ("attention_mask", TensorProto.INT64)]
    inputs = [helper.make_tensor_value_info(n, t, ["batch", "tokens"]) for n, t in ints]
    shape: list[str | int | None] = ["batch", "tokens", int(config["hidden_size"])]
    found = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in outputs]
    graph = helper.make_graph(g.nodes, "bert", inputs, found, list(g.constants.values()))
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)


def _output(g: GraphWriter, x: str, name: str) -> str:
    from onnx import helper

    g.nodes.append(helper.make_node("Identity", [x], [name]))
    return name


def shared_layers(weights: dict[str, Array], untuned: dict[str, Array], layers: int) -> int:
    """How many layers at the bottom are the same in both. Words have one vector only."""

    def same(prefix: str) -> bool:
        names = [name for name in untuned if name.startswith(prefix)]
        return all(name in weights and np.array_equal(weights[name], untuned[name]) for name in names)

    if not same("embeddings."):
        raise ArtifactError(
            "the embeddings of the tuned encoder are not those it started from",
            hint="train the student again with this encoder",
        )
    return next((i for i in range(layers) if not same(f"encoder.layer.{i}.")), layers)


def _embed(g: GraphWriter, eps: float) -> str:
    words = g.constant("embeddings.word", g.weight("embeddings.word_embeddings.weight"))
    # One segment only, so its vector is added to every position once, here.
    segment = g.weight("embeddings.token_type_embeddings.weight")[0]
    positions = g.constant(
        "embeddings.position", g.weight("embeddings.position_embeddings.weight") + segment[None, :]
    )
    tokens = g.node("Shape", ["input_ids"], start=1, end=2)
    zero = g.constant("zero", np.zeros(1, np.int64))
    where = g.node("Slice", [positions, zero, tokens, zero])
    summed = g.node("Add", [g.node("Gather", [words, "input_ids"]), where])
    return g.layer_norm(summed, "embeddings.LayerNorm", eps)


def _mask_bias(g: GraphWriter) -> str:
    from onnx import TensorProto

    mask = g.node("Cast", ["attention_mask"], to=TensorProto.FLOAT)
    away = g.node("Sub", [g.constant("one", np.ones((), np.float32)), mask])
    scaled = g.node("Mul", [away, g.constant("masked", np.full((), MASKED, np.float32))])
    return str(g.node("Unsqueeze", [scaled, g.constant("axes", np.array([1, 2], np.int64))]))


def _layer(g: GraphWriter, x: str, bias: str, name: str, heads: int, eps: float) -> str:
    attended = _attention(g, x, bias, f"{name}.attention", heads)
    x = g.layer_norm(g.node("Add", [attended, x]), f"{name}.attention.output.LayerNorm", eps)
    inner = _dense(g, x, f"{name}.intermediate.dense")
    outer = _dense(g, _gelu(g, inner), f"{name}.output.dense")
    return g.layer_norm(g.node("Add", [outer, x]), f"{name}.output.LayerNorm", eps)


def _dense(g: GraphWriter, x: str, name: str) -> str:
    return g.linear(x, name, g.weight(f"{name}.weight"), g.weight(f"{name}.bias"))


def _attention(g: GraphWriter, x: str, bias: str, name: str, heads: int) -> str:
    query = g.weight(f"{name}.self.query.weight")
    hidden = query.shape[0]
    # 1/sqrt(d) is folded into the query's weights; query, key and value are one product.
    scale = np.float32((hidden / heads) ** -0.5)
    weight = np.concatenate(
        [query * scale, g.weight(f"{name}.self.key.weight"), g.weight(f"{name}.self.value.weight")]
    )
    offset = np.concatenate(
        [
            g.weight(f"{name}.self.query.bias") * scale,
            g.weight(f"{name}.self.key.bias"),
            g.weight(f"{name}.self.value.bias"),
        ]
    )
    q, k, v = g.node("Split", [g.linear(x, f"{name}.qkv", weight, offset)], outputs=3, axis=-1)
    split = g.constant("split_heads", np.array([0, 0, heads, hidden // heads], np.int64))
    q = g.node("Transpose", [g.node("Reshape", [q, split])], perm=[0, 2, 1, 3])
    k = g.node("Transpose", [g.node("Reshape", [k, split])], perm=[0, 2, 3, 1])
    v = g.node("Transpose", [g.node("Reshape", [v, split])], perm=[0, 2, 1, 3])
    weights = g.node("Softmax", [g.node("Add", [g.node("MatMul", [q, k]), bias])], axis=-1)
    mixed = g.node("Transpose", [g.node("MatMul", [weights, v])], perm=[0, 2, 1, 3])
    merged = g.node("Reshape", [mixed, g.constant("merge_heads", np.array([0, 0, hidden], np.int64))])
    return _dense(g, merged, f"{name}.output.dense")


def _gelu(g: GraphWriter, x: str) -> str:
    erf = g.node("Erf", [g.node("Div", [x, g.constant("sqrt2", np.full((), 2**0.5, np.float32))])])
    gate = g.node("Add", [erf, g.constant("one", np.ones((), np.float32))])
    return str(g.node("Mul", [g.node("Mul", [x, gate]), g.constant("half", np.full((), 0.5, np.float32))]))
