import os
from setuptools import find_packages, setup

here = os.path.abspath(os.path.dirname(__file__))

setup(
    name="Customer_Churn",
    version="0.4.1",
    author="Data Science",
    description="Who leaves next quarter",
    long_description=open(os.path.join(here, "README.md")).read(),
    packages=find_packages(exclude=["tests", "notebooks"]),
    python_requires=">=3.8",
    install_requires=[
        "numpy>=1.21",
        "pandas>=1.3,<3",
        "scikit-learn~=1.3",
    ],
    extras_require={"dev": ["pytest", "flake8", "jupyter"]},
    entry_points={"console_scripts": ["churn-train=churn.train:main"]},
)
