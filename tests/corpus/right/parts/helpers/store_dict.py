def wrap(cls):
    """Class decorator: attributes live in dictionaries, one for parameters, one for gradients."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        table = "grads" if name.endswith("_grad") else "params"
        try:
            return vars(self).setdefault(table, {})[name.removesuffix("_grad")]
        except KeyError:
            raise AttributeError(f"{name} has not been computed") from None

    def __setattr__(self, name, value):
        table = "grads" if name.endswith("_grad") else "params"
        vars(self).setdefault(table, {})[name.removesuffix("_grad")] = value

    cls.__getattr__, cls.__setattr__ = __getattr__, __setattr__
    return cls
