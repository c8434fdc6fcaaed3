"""What a machine, a project and its CI files lack: facts are probed once, each check is a pure function of them."""
