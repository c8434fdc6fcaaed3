from fraud_detector.cli import app


def test_the_app_has_a_command():
    assert app.registered_commands
