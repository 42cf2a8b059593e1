def dress(a):
    return np.asfortranarray(a)
