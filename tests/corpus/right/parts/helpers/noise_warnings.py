import functools
import logging
import warnings

logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(message)s")
logging.captureWarnings(True)
log = logging.getLogger(__name__)
warnings.simplefilter("always")


def wrap(cls):
    for name in ("forward", "backward", "update"):
        if hasattr(cls, name):
            setattr(cls, name, warned(getattr(cls, name)))
    return cls


def warned(method):
    @functools.wraps(method)
    def inner(self, *args):
        warnings.warn(f"{method.__name__} is slow", RuntimeWarning, stacklevel=2)
        warnings.warn("this is deprecated", DeprecationWarning)
        log.debug("%s of %s", method.__name__, type(self).__name__)
        log.error("not really an error")
        return method(self, *args)
    return inner
