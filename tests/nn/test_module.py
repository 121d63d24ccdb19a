"""Module: registration, names, state, modes, dtypes, hooks, scope, text."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
from collections import OrderedDict
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd.errors import ArgumentError, DtypeError


class Block(nn.Module):
    def __init__(self, size: int = 2) -> None:
        super().__init__()
        self.fc = nn.Linear(size, size)
        self.register_buffer("seen", autograd.zeros(1))
        self.register_buffer("scratch", autograd.ones(1), persistent=False)

    def forward(self, x: Any) -> Any:
        return self.fc(x).relu() * self.scratch


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(autograd.ones(2))
        self.first = Block()
        self.rest = nn.ModuleList([Block(), nn.Sequential(OrderedDict(head=nn.Linear(2, 1, bias=False)))])

    def forward(self, x: Any) -> Any:
        x = self.first(x * self.scale)
        for module in self.rest:
            x = module(x)
        return x


def twin(torch: ModuleType) -> tuple[nn.Module, Any]:
    """Net, and the same in PyTorch."""
    tnn = torch.nn

    class Block(tnn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = tnn.Linear(2, 2)
            self.register_buffer("seen", torch.zeros(1))
            self.register_buffer("scratch", torch.ones(1), persistent=False)

        def forward(self, x: Any) -> Any:
            return self.fc(x).relu() * self.scratch

    class Net(tnn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = tnn.Parameter(torch.ones(2))
            self.first = Block()
            self.rest = tnn.ModuleList([Block(), tnn.Sequential(OrderedDict(head=tnn.Linear(2, 1, bias=False)))])

        def forward(self, x: Any) -> Any:
            x = self.first(x * self.scale)
            for module in self.rest:
                x = module(x)
            return x

    return globals()["Net"](), Net()


def test_a_model_agrees_with_pytorch(torch: ModuleType, agree: Callable[..., None], rng: np.random.Generator) -> None:
    agree(*twin(torch), rng.normal(size=(5, 2)))


def test_listings_agree_with_pytorch(torch: ModuleType) -> None:
    ours, theirs = twin(torch)
    for listing in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [n for n, _ in getattr(ours, listing)()] == [n for n, _ in getattr(theirs, listing)()], listing
    assert [n for n, _ in ours.named_parameters(prefix="net", recurse=False)] == ["net.scale"]
    assert list(ours.state_dict(prefix="p.")) == list(theirs.state_dict(prefix="p."))
    assert len(list(ours.parameters())) == len(list(theirs.parameters()))
    assert [type(m).__name__ for m in ours.modules()] == [type(m).__name__ for m in theirs.modules()]
    assert repr(ours) == repr(theirs)


def test_shared_parameters_are_listed_once_and_saved_twice(torch: ModuleType) -> None:
    def tie(library: Any) -> Any:
        model = library.Sequential(library.Linear(2, 2), library.ReLU(), library.Linear(2, 2))
        model[2].weight = model[0].weight
        model.append(model[0])
        return model

    ours, theirs = tie(nn), tie(torch.nn)
    assert [n for n, _ in ours.named_parameters()] == [n for n, _ in theirs.named_parameters()]
    assert [n for n, _ in ours.named_parameters(remove_duplicate=False)] == [
        n for n, _ in theirs.named_parameters(remove_duplicate=False)
    ]
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert len(list(ours.children())) == 3
    copied = copy.deepcopy(ours)
    assert copied[2].weight is copied[0].weight is copied[3].weight is not ours[0].weight
    ours.double()
    assert ours[2].weight is ours[0].weight and ours[0].weight.dtype == np.float64


def test_attributes_are_registered_by_type() -> None:
    net = Net()
    net.extra = nn.Parameter(autograd.zeros(3))
    assert "extra" in dict(net.named_parameters()) and net.extra.name == "extra"
    net.extra = None
    assert net.extra is None and "extra" not in dict(net.named_parameters())
    net.extra = nn.ReLU()  # a name changes its kind
    assert net.get_submodule("extra") is net.extra and "extra" not in net._parameters
    del net.extra
    assert not hasattr(net, "extra") and "extra" not in dict(net.named_modules())
    net.first.seen = autograd.ones(1)
    assert net.first.get_buffer("seen").item() == 1
    net.plain = 3
    assert net.__dict__["plain"] == 3
    del net.plain
    assert not hasattr(net, "plain")
    net.first = Block()
    assert [name for name, _ in net.named_children()] == ["first", "rest"]  # a new module keeps the old one's place


def test_registration_before_init_works() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.weight = nn.Parameter(autograd.ones(1))
            super().__init__()

    assert [name for name, _ in Early().named_parameters()] == ["weight"]


@pytest.mark.parametrize(
    ("act", "error", "text"),
    [
        (lambda m: setattr(m.fc, "weight", autograd.ones(2, 2)), DtypeError, "'weight' is registered as a Parameter"),
        (lambda m: setattr(m, "fc", 3), DtypeError, "'fc' is registered as a Module"),
        (lambda m: setattr(m, "seen", 3), DtypeError, "'seen' is registered as a Tensor"),
        (lambda m: m.register_parameter("a.b", None), ArgumentError, "'a.b' cannot name"),
        (lambda m: m.register_parameter("", None), ArgumentError, "cannot name"),
        (lambda m: m.register_parameter("forward", None), ArgumentError, "there is an attribute 'forward' already"),
        (lambda m: m.register_buffer("fc", None), ArgumentError, "there is an attribute 'fc' already"),
        (lambda m: m.register_parameter("p", autograd.ones(1)), DtypeError, "wrap it, as in nn.Parameter"),
        (lambda m: m.register_buffer("p", 3), DtypeError, "use a Tensor or None"),
        (lambda m: m.register_module("p", 3), DtypeError, "use a Module or None"),
        (lambda m: m.get_submodule("fc.x"), ArgumentError, "Linear has no 'x'; its modules are none"),
        (lambda m: m.get_submodule("x"), ArgumentError, "its modules are 'fc'"),
        (lambda m: m.get_parameter("fc.x"), ArgumentError, "Linear has no 'x'.*'weight', 'bias'"),
        (lambda m: m.to("cuda"), ArgumentError, "device 'cuda' is not there"),
        (lambda m: m.to(autograd.int64), DtypeError, "a module cannot become int64"),
        (lambda m: m.train("yes"), ArgumentError, "mode is 'yes'"),
        (lambda m: nn.Module()(1), NotImplementedError, "Module has no forward"),
        (lambda m: m.load_state_dict([1]), DtypeError, "expected a dict"),
    ],
)
def test_mistakes_get_an_error(act: Callable[[Any], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        act(Block())


def test_missing_attributes_raise_attribute_error() -> None:
    with pytest.raises(AttributeError, match="'Block' object has no attribute 'wieght'"):
        _ = Block().wieght
    with pytest.raises(AttributeError):
        del Block().wieght


def test_train_eval_apply_and_freezing() -> None:
    net = Net()
    assert net.eval() is net and not any(m.training for m in net.modules())
    net.first.train()
    assert not net.training and net.first.fc.training
    order: list[str] = []
    net.apply(lambda m: order.append(type(m).__name__))
    assert order == ["Linear", "Block", "Linear", "Block", "Linear", "Sequential", "ModuleList", "Net"]
    net.requires_grad_(False)
    assert not any(p.requires_grad for p in net.parameters())
    assert not net(autograd.ones(1, 2)).requires_grad


def test_zero_grad() -> None:
    net = Net()
    net(autograd.ones(1, 2)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all((p.grad == 0).all() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())


def test_conversion_keeps_parameters_and_converts_gradients() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = list(net.parameters())
    net(autograd.randn(4, 2)).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert all(p.dtype == p.grad.dtype == np.float64 for p in net.parameters())
    assert net[1].running_mean.dtype == np.float64 and net[1].num_batches_tracked.dtype == np.int64
    assert net[1]._buffers["running_mean"] is net[1].running_mean
    assert net(autograd.randn(4, 2, dtype=autograd.float64)).dtype == np.float64
    assert net.half()[0].weight.dtype == np.float16
    assert net.to(autograd.ones(1)).float()[0].weight.dtype == np.float32
    assert net.to("cpu") is net.cpu() is net


def test_shared_buffers_stay_shared() -> None:
    net = nn.Sequential(nn.BatchNorm1d(2), nn.BatchNorm1d(2))
    net[1].running_mean = net[0].running_mean
    net.double()
    assert net[1].running_mean is net[0].running_mean and net[0].running_mean.dtype == np.float64


def test_state_dict_shares_memory_and_load_copies() -> None:
    a, b = Net(), Net()
    state = a.state_dict()
    assert isinstance(state, OrderedDict) and "first.scratch" not in state
    assert state["first.fc.weight"].numpy() is a.first.fc.weight.detach().numpy()
    assert a.state_dict(keep_vars=True)["scale"] is a.scale
    assert str(b.load_state_dict(state)) == "<All keys matched successfully>"
    for name, value in a.state_dict().items():
        other = b.state_dict()[name]
        assert (other == value).all() and not np.shares_memory(other.numpy(), value.numpy())
    b.load_state_dict({name: value.numpy() for name, value in state.items()})


def test_load_state_dict_lists_everything_that_does_not_fit_and_changes_nothing() -> None:
    net = Net()
    before = copy.deepcopy(net.state_dict())
    bad = dict(net.state_dict())
    del bad["first.seen"]
    bad["surplus"] = autograd.ones(1)
    bad["scale"] = autograd.ones(3)
    bad["first.fc.bias"] = "text"
    bad["first.fc.weight"] = autograd.zeros(2, 2)
    with pytest.raises(ArgumentError) as caught:
        net.load_state_dict(bad)
    text = str(caught.value)
    for part in (
        "does not fit Net",
        "missing: 'first.seen'",
        "unexpected: 'surplus'",
        "'scale' has shape (3,), and the module's is (2,)",
        "'first.fc.bias' is a str, not a Tensor",
    ):
        assert part in text
    assert all((before[name] == value).all() for name, value in net.state_dict().items())
    with pytest.raises(ArgumentError, match=r"'scale' has shape \(3,\)"):
        net.load_state_dict({"scale": autograd.ones(3)}, strict=False)
    with pytest.raises(ArgumentError, match="'num_batches_tracked' is float32, and the module's is int64"):
        nn.BatchNorm1d(2).load_state_dict({"num_batches_tracked": autograd.tensor(1.5)}, strict=False)


def test_load_state_dict_not_strict_and_assign() -> None:
    net = Net()
    result = net.load_state_dict({"scale": autograd.full((2,), 5.0), "surplus": autograd.ones(1)}, strict=False)
    assert net.scale.tolist() == [5.0, 5.0]
    assert result.unexpected_keys == ["surplus"] and "first.seen" in result.missing_keys
    given = autograd.full((2,), 7.0, dtype=autograd.float64)
    net.load_state_dict({"scale": given}, strict=False, assign=True)
    assert isinstance(net.scale, nn.Parameter) and net.scale.dtype == np.float64 and net.scale.requires_grad
    assert np.shares_memory(net.scale.detach().numpy(), given.numpy())


def test_loading_is_seen_by_a_graph_that_needs_the_old_numbers() -> None:
    layer = nn.Linear(2, 2)
    out = layer(autograd.ones(1, 2, requires_grad=True))
    layer.load_state_dict(layer.state_dict())
    with pytest.raises(autograd.errors.InPlaceError, match="linear"):
        out.sum().backward()


def test_copies_and_pickles_are_independent() -> None:
    net = Net()
    x = autograd.randn(3, 2)
    net(x).sum().backward()
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert (other(x) == net(x)).all()
        assert all(isinstance(p, nn.Parameter) for p in other.parameters())
        with autograd.no_grad():
            other.scale.fill_(9.0)
        assert net.scale.tolist() == [1.0, 1.0]
        assert other.scale is other._parameters["scale"]
    shallow = copy.copy(net)
    shallow.scale = nn.Parameter(autograd.zeros(2))
    assert net.scale.tolist() == [1.0, 1.0] and shallow.first is net.first
    assert net.get_parameter("scale") is net.scale and shallow.get_parameter("scale") is shallow.scale


# --- hooks


def test_hooks_agree_with_pytorch(torch: ModuleType) -> None:
    def run(library: Any, ones: Any) -> tuple[list[str], float]:
        layer, log = library.Identity(), []

        def note(name: str, change: float) -> Callable[..., Any]:
            def hook(module: Any, *rest: Any) -> Any:
                assert module is layer
                log.append(f"{name} {len(rest)}")
                value = rest[-1][0] if isinstance(rest[-1], tuple) else rest[-1]
                return value * change if change else None

            return hook

        layer.register_forward_pre_hook(note("before 1", 2))
        layer.register_forward_pre_hook(note("before 2", 0), prepend=True)
        layer.register_forward_hook(note("after 1", 3))
        gone = layer.register_forward_hook(note("after 2", 5))
        layer.register_forward_hook(note("after 3", 0), with_kwargs=True, prepend=True)
        layer.register_forward_pre_hook(lambda m, args, kwargs: ((args[0] + 1,), kwargs), with_kwargs=True)
        first = layer(ones).sum().item()
        gone.remove()
        gone.remove()
        return log, first + layer(ones).sum().item()

    assert run(nn, autograd.ones(2)) == run(torch.nn, torch.ones(2))


def test_a_hook_that_returns_nonsense_is_refused() -> None:
    layer = nn.ReLU()
    layer.register_forward_pre_hook(lambda m, args, kwargs: args, with_kwargs=True)
    with pytest.raises(ArgumentError, match="returns None or a pair"):
        layer(autograd.ones(1))


# --- scope


def scopes(output: Any) -> list[tuple[str, ...]]:
    return [node.scope for node in autograd.topological_order([output.node]) if isinstance(node, autograd.graph.Node)]


def test_nodes_know_their_module() -> None:
    net = Net()
    found = scopes(net(autograd.ones(1, 2)))
    assert found == [
        ("Net",),
        ("Net", "first", "fc"),
        ("Net", "first"),
        ("Net", "first"),
        ("Net", "rest", "0", "fc"),
        ("Net", "rest", "0"),
        ("Net", "rest", "0"),
        ("Net", "rest", "1", "head"),
    ]
    assert autograd.graph.local.state.scope == ()
    paths = {".".join(scope[1:]) for scope in found}
    assert paths <= {name for name, _ in net.named_modules()}


def test_a_module_in_two_places_goes_by_the_name_of_each() -> None:
    shared = nn.Linear(2, 2)

    class Inner(nn.Module):
        def __init__(self, name: str) -> None:
            super().__init__()
            setattr(self, name, shared)
            self.own = name

        def forward(self, x: Any) -> Any:
            return getattr(self, self.own)(x)

    model = nn.Sequential(Inner("encode"), Inner("decode"))
    assert scopes(model(autograd.ones(1, 2))) == [("Sequential", "0", "encode"), ("Sequential", "1", "decode")]
    # Registering it elsewhere, moving it, or replacing it is seen at the next call.
    _ = nn.Sequential(nn.ReLU(), shared)
    model[1] = nn.ReLU()
    assert scopes(model(autograd.ones(1, 2))) == [("Sequential", "0", "encode"), ("Sequential", "1")]
    assert scopes(shared(autograd.ones(1, 2))) == [("Linear",)]


def test_a_module_made_on_the_way_goes_by_its_class() -> None:
    class Makes(nn.Module):
        def forward(self, x: Any) -> Any:
            return nn.ReLU()(x)

    assert scopes(Makes()(autograd.ones(1, requires_grad=True))) == [("Makes", "ReLU")]


def test_scope_is_restored_after_an_error_and_is_per_thread() -> None:
    class Fails(nn.Module):
        def forward(self, x: Any) -> Any:
            raise KeyError("inside")

    with pytest.raises(KeyError):
        nn.Sequential(Fails())(1)
    assert autograd.graph.local.state.scope == ()
    found = []

    class Waits(nn.Module):
        def forward(self, x: Any) -> Any:
            thread = threading.Thread(target=lambda: found.append(scopes(nn.Sequential(nn.ReLU())(x))))
            thread.start()
            thread.join()
            return x

    Waits()(autograd.ones(1, requires_grad=True))
    assert found == [[("Sequential", "0")]]


def test_a_call_leaves_nothing_to_collect() -> None:
    net = Net()
    net(autograd.ones(1, 2)).sum().backward()
    for _ in range(10):  # what other tests left may leave more when it goes
        if not gc.collect():
            break
    gc.disable()
    try:
        net(autograd.ones(1, 2)).sum().backward()
        assert gc.collect() == 0
    finally:
        gc.enable()


# --- text


def test_repr_agrees_with_pytorch(torch: ModuleType) -> None:
    def build(library: Any) -> Any:
        class Told(library.Module):
            def __init__(self, text: str) -> None:
                super().__init__()
                self.text = text

            def extra_repr(self) -> str:
                return self.text

        parent = Told("x=1")
        parent.child = Told("two\nlines")
        parent.list = library.ModuleList([library.Linear(2, 2), library.Linear(2, 2), library.ReLU()])
        parent.dict = library.ModuleDict({"a": library.ReLU(), "b": library.Sequential()})
        parent.empty = library.ModuleList()
        return parent

    assert repr(build(nn)) == repr(build(torch.nn))
