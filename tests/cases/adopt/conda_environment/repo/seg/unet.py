import segmentation_models_pytorch as smp


def build(encoder):
    return smp.Unet(encoder)
