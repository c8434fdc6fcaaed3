import onnxruntime as ort

session = None


def load():
    return ort.InferenceSession('models/sentiment.onnx')


if __name__ == '__main__':
    load()
