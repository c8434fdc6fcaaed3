"""The case repositories have tests of their own, which are none of this one's."""

collect_ignore_glob = ["*/repo"]
