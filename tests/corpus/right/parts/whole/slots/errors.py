class ShapeError(ValueError):
    pass


def check(condition, message):
    if not condition:
        raise ShapeError(message)
