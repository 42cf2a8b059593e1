def dress(a):
    a = a.view()
    a.flags.writeable = False
    return a
