from torch.utils.data import Dataset


class Tiles(Dataset):
    pass
