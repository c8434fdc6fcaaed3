from seg.unet import build


class TestShapes:
    def test_output_is_one_channel(self):
        assert build('resnet34') is not None
