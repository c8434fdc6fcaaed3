import main


def test_the_whole_reaches_the_gates_figure(tmp_path, capsys):
    assert main.main(tmp_path) >= 0.95
    assert "epoch = 4" in capsys.readouterr().out
