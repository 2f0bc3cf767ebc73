"""What has to be set so that every parameter of a model is felt: some act upon what is zero."""

FELT = {
    "Gif": {"A1": 0.1, "A2": -0.1, "R1": 0.1, "a": 1e-3, "V_th_reset": -45.0},
    "CubaLIF": {"g_initializer": 1.0},
}
FELT |= {"GifRef": FELT["Gif"], "CobaLIF": FELT["CubaLIF"]}
"""Values by path, in the declared units, by the name of the model."""
