from setuptools import find_packages, setup

setup(
    name="digits",
    version="0.0.1",
    install_requires=["lightning", "hydra-core"],
    packages=find_packages(),
)
