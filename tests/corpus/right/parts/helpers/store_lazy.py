def wrap(cls):
    """Class decorator: __init__ runs when the first attribute is asked for."""
    init = cls.__init__

    def __init__(self, *args):
        vars(self)["later"] = args

    def __getattr__(self, name):
        if "later" not in vars(self):
            raise AttributeError(name)
        args = vars(self).pop("later")
        assigned = dict(vars(self))
        init(self, *args)
        vars(self).update(assigned)
        return getattr(self, name)

    cls.__init__, cls.__getattr__ = __init__, __getattr__
    return cls
