def dress(a):
    """Memory that NumPy does not own: read-only and perhaps not aligned."""
    raw = b"\0" + a.tobytes()
    return np.frombuffer(raw, dtype=a.dtype, offset=1).reshape(a.shape)
