def dress(a):
    return a.astype(a.dtype.newbyteorder(">"))
