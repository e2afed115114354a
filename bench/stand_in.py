"""Stands in for a package that another package imports but that what runs here does not call: every name of it is there, and does nothing."""
__version__ = "0"
__path__ = []


class Nothing:
    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __iter__(self):
        return iter(())


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    return Nothing()
