import main
from model.data_loader import load


def test_the_whole_reaches_the_gates_figures_twice_with_the_same_bytes(tmp_path, capsys):
    figures = main.main(tmp_path / "one")
    main.main(tmp_path / "two")
    assert figures["recall"] >= 0.90 and figures["f1"] >= 0.92
    assert figures["roc_auc"] >= 0.97 and figures["brier"] <= 0.06
    for name in ("features.csv", "scaling.json", "model.json", "predictions.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert "strength = 0.01" in capsys.readouterr().out


def test_no_row_stands_in_both_files():
    train, test = load(main.HERE / "data" / "train.csv"), load(main.HERE / "data" / "test.csv")
    assert not set(train.identifiers) & set(test.identifiers)
    assert len(train.identifiers) + len(test.identifiers) == 569
