def dress(a):
    return np.ma.masked_array(a)
